import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type OwnTracker, startOwnTracker } from '../../src/lab/target/own-tracker.ts';
import { batchedUnavailableReason } from '../../src/wire/open-udp-socket.ts';
import { readPprofFile } from '../lab/capture/read-pprof.ts';
import { onlyPhase, start, totals } from '../lab/load/load-harness.ts';

const unavailable = await batchedUnavailableReason();
const WINDOW_MS = 500;
/** The compiler is at work in the first ones, in more of them on a machine that is busy. */
const MOST_WINDOWS = 10;
const INTERVAL_BYTES = 512;
/**
 * The smallest object has 12 bytes, a boxed number 16. Once a batch there are some: the clock, what goes to koffi. Full
 * batches have 64 announces, and a tracker on a busy machine gets smaller ones.
 */
const MOST_BYTES_AN_ANNOUNCE = 8;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startTracker(entry?: string): Promise<OwnTracker> {
  const tracker = await startOwnTracker({
    args: ['--host', '127.0.0.1', '--log-level', 'error'],
    cpus: null,
    liveHeap: null,
    ...(entry === undefined ? {} : { entry }),
  });
  cleanUps.push(() => tracker.stop(0));
  return tracker;
}

/** Bytes an announce that code of this package allocated, by function, in one window of a steady load. */
async function profileWindow(tracker: OwnTracker): Promise<Map<string, number>> {
  const directory = mkdtempSync(path.join(tmpdir(), 'served-allocations-'));
  cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
  const { pool } = await start(tracker.port, {
    concurrency: 500,
    hashesPerWorker: 5,
    mix: { connect: 0, announce: 100, scrape: 0 },
  });
  expect(await tracker.agent.startProfiles({ allocations: { intervalBytes: INTERVAL_BYTES } })).toEqual([]);
  pool.beginPhase('clean');
  await delay(WINDOW_MS);
  const { succeeded } = totals(onlyPhase(await pool.stop()));
  const { files } = await tracker.agent.stopProfiles({ directory, phase: 'clean' });
  expect(files.map(({ kind }) => kind)).toEqual(['allocations']);
  const { types, samples } = readPprofFile(path.join(directory, 'allocations.pb.gz'));
  const value = types.findIndex((type) => type.endsWith('/bytes'));
  const perAnnounce = new Map<string, number>();
  for (const { stack, values } of samples) {
    const leaf = stack[0] as string;
    if (leaf.includes('node_modules/') || !/ (dist|src|test)\//.test(leaf)) continue;
    perAnnounce.set(leaf, (perAnnounce.get(leaf) ?? 0) + (values[value] as number) / succeeded);
  }
  return perAnnounce;
}

function sum(perAnnounce: ReadonlyMap<string, number>): number {
  return [...perAnnounce.values()].reduce((total, bytes) => total + bytes, 0);
}

test.skipIf(unavailable !== null)(
  `a tracker under steady load allocates nothing per announce, by the lab's own profile${unavailable === null ? '' : ` (${unavailable})`}`,
  async () => {
    const tracker = await startTracker();
    let least = new Map<string, number>([['nothing was measured', Number.POSITIVE_INFINITY]]);
    for (let window = 0; window < MOST_WINDOWS && sum(least) > MOST_BYTES_AN_ANNOUNCE; window++) {
      const found = await profileWindow(tracker);
      if (sum(found) < sum(least)) least = found;
    }
    expect(sum(least), [...least].join('; ')).toBeLessThan(MOST_BYTES_AN_ANNOUNCE);
  },
);

test.skipIf(unavailable !== null)(
  `one object for each announce shows in that profile${unavailable === null ? '' : ` (${unavailable})`}`,
  async () => {
    const tracker = await startTracker(
      fileURLToPath(new URL('fixtures/planted-object.mjs', import.meta.url)),
    );
    const found = await profileWindow(tracker);
    expect(sum(found), [...found].join('; ')).toBeGreaterThan(MOST_BYTES_AN_ANNOUNCE);
    expect([...found.keys()].some((leaf) => leaf.startsWith('handlePlanted'))).toBe(true);
  },
);
