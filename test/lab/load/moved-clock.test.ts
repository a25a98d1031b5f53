import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { type Report, reportSchema } from '../../../src/analyze/report/report-schema.ts';
import { WatchedLab } from '../../end-to-end/watched-lab.ts';

/** libfaketime reads its file each second, and only the wall clock is its business. */
const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((file) => spawnSync('test', ['-e', file]).status === 0);

/** Prints what writing the offset did to both clocks, in ms. */
const moveOwnClock = `
  const [wall, monotonic] = [Date.now(), performance.now()];
  require('node:fs').writeFileSync(process.env.FAKETIME_TIMESTAMP_FILE, process.argv[1]);
  console.log(Date.now() - wall, performance.now() - monotonic);
`;

it.skipIf(library === undefined).each(['-3600', '+3600'])(
  'a wall clock that moves by %s s leaves latencies and connection ids as they are (skipped without libfaketime)',
  async (offset) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'moved-clock-'));
    const clock = path.join(folder, 'clock');
    writeFileSync(clock, '+0');
    const env = {
      LD_PRELOAD: library as string,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    try {
      // A Node that runs sees its wall clock move, and nothing else; else what follows would prove nothing.
      const { stdout } = await execa(process.execPath, ['-e', moveOwnClock, '--', offset], { env });
      const [wallMs, monotonicMs] = stdout.split(' ').map(Number) as [number, number];
      expect(Math.abs(wallMs - Number(offset) * 1000)).toBeLessThan(60_000);
      expect(Math.abs(monotonicMs)).toBeLessThan(60_000);
      writeFileSync(clock, '+0');
      // Both sides: our tracker is started with the lab's environment.
      const lab = WatchedLab.start(
        [
          ...['--out', path.join(folder, 'runs'), '--json', '--scenario', 'light'],
          ...['--warmup', '1s', '--duration', '4s', '--profile-duration', '0'],
        ],
        { env },
      );
      await lab.child.errorLine((line) => line === 'Phase: clean');
      writeFileSync(clock, offset);
      const ended = await lab.ended();
      expect([0, 11], ended.stderr).toContain(ended.exitCode);
      expect(readFileSync(clock, 'utf8')).toBe(offset);
      const report: Report = reportSchema.parse(JSON.parse(ended.stdout));
      const clean = report.phases.clean as NonNullable<Report['phases']['clean']>;
      expect(clean.durationMs).toBeGreaterThan(3_500);
      expect(clean.durationMs).toBeLessThan(10_000);
      expect(clean.requests.succeeded).toBeGreaterThan(0);
      // An id that had aged by an hour would be refused, or its request dropped.
      expect(clean.errorTexts).toEqual([]);
      expect(clean.requests.timedOut).toBe(0);
      expect(clean.latency?.minNs).toBeGreaterThan(0);
      expect(clean.latency?.maxNs).toBeLessThan(5e9);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  30_000,
);
