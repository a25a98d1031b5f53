/** A real run whose files somebody has changed: whatever reads it ends in a result or in one clear error. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import { compareFolders } from '../../src/analyze/compare/compare-folders.ts';
import { exportFormats } from '../../src/analyze/export/export-formats.ts';
import { exportRun } from '../../src/analyze/export/export-run.ts';
import { LabError } from '../../src/errors.ts';
import { parseConfig } from '../../src/lab/config/parse-config.ts';
import { packageRoot } from '../../src/package-root.ts';
import { amount, isNightly } from './amount.ts';
import { mutate, seededBelow } from './mutate.ts';
import { mutateJson } from './mutate-json.ts';

const FOLDERS = amount(20, 1_000);
const CONFIGS = amount(500, 20_000);
/** Of a round, on a busy machine: tens of times what one takes. */
const LONGEST_MS = 10_000;
const timeout = isNightly ? 3_600_000 : 60_000;
const kept = path.join(packageRoot, 'test/fixtures/runs/schema-1-latest');

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'fuzz-runs-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Changes one to three files of a copy: run.json most often, by its structure; the others by bytes or lines. */
function damage(folder: string, below: (limit: number) => number): void {
  const names = readdirSync(folder).filter((name) => name !== 'run.json');
  for (let change = below(2); change >= 0; change--) {
    const name = below(2) < 1 ? 'run.json' : (names[below(names.length)] as string);
    const file = path.join(folder, name);
    const bytes = readFileSync(file);
    if (name.endsWith('.ndjson')) {
      const lines = bytes.toString('utf8').trim().split('\n');
      for (let at = below(20); at < lines.length; at += 1 + below(5)) {
        lines[at] = JSON.stringify(mutateJson(JSON.parse(lines[at] as string), below));
      }
      writeFileSync(file, `${lines.join('\n')}\n`);
    } else if (name.endsWith('.json')) {
      let document: unknown;
      try {
        document = JSON.parse(bytes.toString('utf8'));
      } catch {
        continue;
      }
      writeFileSync(file, JSON.stringify(mutateJson(document, below)));
    } else if (name.endsWith('.hdr') && below(2) === 0)
      writeFileSync(file, repacked(bytes.toString(), below));
    else if (name.endsWith('.pb.gz') && below(2) === 0) {
      writeFileSync(
        file,
        gzipSync(
          mutate(
            unpacked(() => gunzipSync(bytes)),
            below,
          ),
          { level: 1 },
        ),
      );
    } else writeFileSync(file, mutate(bytes, below));
  }
}

/** What was damaged before may not unpack any more. */
function unpacked(unpack: () => Buffer): Buffer {
  try {
    return unpack();
  } catch {
    return Buffer.from('damaged');
  }
}

/** A histogram that is changed within its packing. */
function repacked(encoded: string, below: (limit: number) => number): string {
  const packed = Buffer.from(encoded, 'base64');
  const inner = deflateSync(
    mutate(
      unpacked(() => inflateSync(packed.subarray(8))),
      below,
    ),
  );
  const head = Buffer.from(packed.subarray(0, 8));
  head.writeUInt32BE(inner.length, 4);
  return Buffer.concat([head, inner]).toString('base64');
}

/** @returns whether it came to an end without an error */
async function judged(attempt: () => unknown): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(error.toLine()).not.toMatch(/\p{Cc}/u);
    return false;
  }
}

test('a run folder is analysed, exported and compared, or refused', { timeout }, async () => {
  const below = seededBelow(11);
  const ends = { read: 0, refused: 0 };
  for (let round = 0; round < FOLDERS; round++) {
    const folder = path.join(root, `run-${round}`);
    cpSync(kept, folder, { recursive: true });
    damage(folder, below);
    const startMs = performance.now();
    try {
      const isRead = await judged(() => analyzeRun(folder));
      ends[isRead ? 'read' : 'refused']++;
      const format = exportFormats[round % exportFormats.length] as (typeof exportFormats)[number];
      await judged(() => exportRun(folder, { format, exporter: 'test' }));
      await judged(() =>
        compareFolders({ label: 'a', directories: [kept] }, { label: 'b', directories: [folder] }),
      );
      if (isRead) {
        const page = readFileSync(path.join(folder, 'report.html'), 'utf8');
        expect(page).not.toContain('<img src=x');
        expect(readFileSync(path.join(folder, 'report.md'), 'utf8')).not.toMatch(/\bNaN\b|\bundefined\b/);
      }
    } catch (error) {
      // Names the case, so that it can be tried again.
      throw new Error(`round ${round}: ${(error as Error).stack}`, { cause: error });
    }
    expect(performance.now() - startMs, `round ${round}`).toBeLessThan(LONGEST_MS);
    rmSync(folder, { recursive: true });
  }
  expect(ends.read).toBeGreaterThan(0);
  expect(ends.refused).toBeGreaterThan(0);
});

test('a config file is read or refused by what is wrong in it', { timeout }, () => {
  const below = seededBelow(12);
  const document = {
    trackers: {
      mine: {
        target: 'udp://127.0.0.1:6969',
        exec: './tracker',
        cwd: '..',
        env: { A: 'b' },
        pid: 7,
        perf: true,
      },
      other: { pprof: 'http://127.0.0.1:6060/debug/pprof', infoHashes: 'h.txt', allowRemote: false },
    },
    scenarios: {
      own: { preset: 'light', duration: '1.5s', rate: 12, mix: 'announce=9, scrape=1', skew: 0.5, seed: 1 },
    },
  };
  const text = JSON.stringify(document);
  const ends = { read: 0, refused: 0 };
  for (let round = 0; round < CONFIGS; round++) {
    const given =
      round % 2 === 0
        ? JSON.stringify(mutateJson(document, below))
        : Buffer.from(mutate(Buffer.from(text), below)).toString('utf8');
    try {
      const { scenarios } = parseConfig(given, '/etc/lab.config.json');
      for (const { overrides } of scenarios.values()) {
        for (const one of Object.values(overrides)) expect(one.value, given).toBeDefined();
      }
      ends.read++;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      expect(error.toLine()).toMatch(/^BAD_CONFIG: \/etc\/lab\.config\.json: \S/);
      ends.refused++;
    }
  }
  expect(ends.read).toBeGreaterThan(0);
  expect(ends.refused).toBeGreaterThan(0);
});
