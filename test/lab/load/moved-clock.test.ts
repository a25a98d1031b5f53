import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { describe, it } from 'vitest';
import { type Report, reportSchema } from '../../../src/analyze/report/report-schema.ts';
import { keepFigure } from '../../end-to-end/faults/figures.ts';
import { quietLoad, targetFlags, trackers } from '../../end-to-end/faults/lab-under-fault.ts';
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

const offsets = ['-3600', '+3600'] as const;
const moves = offsets.flatMap((offset) => trackers.map((tracker) => ({ offset, tracker })));

describe.skipIf(library === undefined).concurrent('a wall clock (skipped without libfaketime)', () => {
  it.for(moves)(
    'that moves by $offset s leaves latencies and connection ids of the $tracker tracker as they are',
    { timeout: 60_000 },
    async ({ offset, tracker }, { expect }) => {
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
        // Both sides: the tracker is started with the lab's environment.
        const lab = WatchedLab.start(
          [
            ...['--out', path.join(folder, 'runs'), '--json', ...quietLoad, '--timeout', '5s'],
            ...['--warmup', '500ms', '--duration', '3s', '--profile-duration', '0'],
            ...(await targetFlags(tracker)),
          ],
          { env },
        );
        await lab.child.errorLine((line) => line === 'Phase: clean');
        writeFileSync(clock, offset);
        const ended = await lab.ended();
        // 11: this machine was too busy to judge the tracker.
        expect([0, 11], ended.stderr).toContain(ended.exitCode);
        expect(readFileSync(clock, 'utf8')).toBe(offset);
        const report: Report = reportSchema.parse(JSON.parse(ended.stdout));
        const clean = report.phases.clean as NonNullable<Report['phases']['clean']>;
        const leastNs = clean.latency?.minNs ?? Number.NaN;
        keepFigure('wall clock moved by an hour', 'least latency', leastNs / 1e6, 'ms');
        keepFigure('wall clock moved by an hour', 'time-outs and errors', failures(clean.requests), '');
        expect(clean.durationMs).toBeGreaterThan(2_500);
        expect(clean.durationMs).toBeLessThan(10_000);
        expect(clean.requests.succeeded).toBeGreaterThan(0);
        // An id that had aged by an hour would be refused, or its request dropped.
        expect(clean.errorTexts).toEqual([]);
        expect(failures(clean.requests)).toBe(0);
        expect(leastNs).toBeGreaterThan(0);
        expect(clean.latency?.maxNs).toBeLessThan(5e9);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

function failures({ timedOut, errorReplies }: NonNullable<Report['phases']['clean']>['requests']): number {
  return timedOut + errorReplies;
}
