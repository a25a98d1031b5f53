/** Real profiles with bytes turned, dropped and put in: every one ends in a result or in a typed error, soon. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { chargedTable } from '../../src/analyze/profile/charged-table.ts';
import { decodeProfile } from '../../src/analyze/profile/decode-profile.ts';
import { formatTop } from '../../src/analyze/profile/format-top.ts';
import { topTable } from '../../src/analyze/profile/top-table.ts';
import { PerfScriptParser } from '../../src/lab/capture/perf/parse-perf-script.ts';
import { PerfProfile } from '../../src/lab/capture/perf/perf-profile.ts';
import { packageRoot } from '../../src/package-root.ts';
import { amount, isNightly } from './amount.ts';
import { mutate, seededBelow } from './mutate.ts';

const MUTATIONS = amount(500, 10_000);
const LONGEST_MS = 2_000;
const timeout = isNightly ? 3_600_000 : 60_000;

function fixture(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(path.join(packageRoot, 'test/fixtures/profiles', name))));
}

/** @returns whether it could be read */
function judge(bytes: Uint8Array, fileName: string): boolean {
  const decoded = decodeProfile(bytes, { fileName });
  if (!decoded.ok) {
    expect(decoded.problem.code).toBe('BAD_PROFILE');
    expect(decoded.problem.message).toContain(fileName);
    return false;
  }
  formatTop(topTable(decoded.profile));
  chargedTable(decoded.profile);
  return true;
}

function tryAll(source: Uint8Array, seed: number, attempt: (bytes: Uint8Array) => boolean): void {
  const below = seededBelow(seed);
  let [read, refused, longestMs] = [0, 0, 0];
  for (let round = 0; round < MUTATIONS; round++) {
    const bytes = mutate(source, below);
    const startMs = performance.now();
    if (attempt(bytes)) read++;
    else refused++;
    longestMs = Math.max(longestMs, performance.now() - startMs);
  }
  expect(read + refused).toBe(MUTATIONS);
  expect(read).toBeGreaterThan(0);
  expect(longestMs).toBeLessThan(LONGEST_MS);
}

test.for([
  ['node-cpu.pb.gz', 1],
  ['node-allocations.pb.gz', 2],
  ['go-heap.pb.gz', 3],
  ['go-tracker-live-heap.pb.gz', 4],
  ['c-perf.pb.gz', 5],
] as const)('%s is read or refused', { timeout }, ([name, seed]) => {
  tryAll(fixture(name), seed, (bytes) => judge(bytes, name));
});

test('the text of perf script is read but for the lines that are broken', { timeout }, () => {
  tryAll(fixture('node-perf-script.txt.gz'), 6, function readScript(bytes) {
    const perf = new PerfProfile(new Map(), '/usr/bin/node');
    const parser = new PerfScriptParser((sample) => perf.add(sample));
    parser.push(Buffer.from(bytes).toString('utf8'));
    parser.end();
    return judge(perf.encode(1e18, 5e8), 'perf.pb.gz');
  });
});
