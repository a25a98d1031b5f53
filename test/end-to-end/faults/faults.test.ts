/**
 * The table of faults: each is put into a real run, of our tracker and of a foreign one. That nothing is left over is looked
 * at after every test.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtEntry } from '../../../src/package-root.ts';
import {
  expectAnalyzable,
  firstLine,
  foreignTracker,
  LabUnderFault,
  type Point,
  points,
  type Tracker,
  targetFlags,
  trackers,
} from './lab-under-fault.ts';

/** From a signal to the end of the lab: what it may still do is stop its tracker (3 s) and write a report. */
const ORDERLY_END_MS = 5_000;
/** From a second signal to its end. */
const END_AT_ONCE_MS = 2_000;

async function labAt(tracker: Tracker, point: Point): Promise<LabUnderFault> {
  const lab = await LabUnderFault.start({ tracker, point });
  await lab.reach(point);
  return lab;
}

const signals = {
  ours: { signal: 'SIGINT', exitCode: 130 },
  foreign: { signal: 'SIGTERM', exitCode: 143 },
} as const;

const everywhere = trackers.flatMap((tracker) => points.map((point) => ({ tracker, point })));
const underLoad = trackers.flatMap((tracker) =>
  (['warm-up', 'clean', 'profiled'] as const).map((point) => ({ tracker, point })),
);

describe.skipIf(process.platform !== 'linux').concurrent('a run', () => {
  it.for(everywhere)(
    'of the $tracker tracker that gets a signal at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }) => {
      const { signal, exitCode } = signals[tracker];
      const lab = await labAt(tracker, point);
      const sentMs = performance.now();
      lab.child.process.kill(signal);
      expect(await lab.child.exitCode).toBe(exitCode);
      expect(performance.now() - sentMs).toBeLessThan(ORDERLY_END_MS);
      await lab.lab.expectNothingLeft();
      if (point === 'start') {
        // There is nothing to save yet.
        expect(lab.folders()).toEqual([]);
        return;
      }
      const { folder, run, markdown } = lab.run();
      if (point === 'report') {
        expect(run.partial).toBeNull();
      } else {
        expect(run.partial).toEqual({ reason: `stopped by ${signal}` });
        expect(firstLine(markdown)).toContain(`**Partial:** the run was cut short (stopped by ${signal})`);
        if (point !== 'clean') return;
        const [summary] = (await expectAnalyzable(folder)).split('\n');
        expect(summary).toContain(`PARTIAL: stopped by ${signal}`);
      }
    },
  );

  it.for(trackers.map((tracker) => ({ tracker })))(
    'of the $tracker tracker, which does not answer any more, that gets a signal',
    { timeout: 60_000 },
    async ({ tracker }) => {
      const { signal, exitCode } = signals[tracker];
      const lab = await labAt(tracker, 'profiled');
      process.kill(lab.tracker(), 'SIGSTOP');
      const sentMs = performance.now();
      lab.child.process.kill(signal);
      expect(await lab.child.exitCode).toBe(exitCode);
      expect(performance.now() - sentMs).toBeLessThan(ORDERLY_END_MS);
      await lab.lab.expectNothingLeft();
      const { run } = lab.run();
      expect(run.partial).toEqual({ reason: `stopped by ${signal}` });
      expect(run.notes).toContain('The tracker did not end when it was asked to (SIGTERM), and was killed.');
      expect(run.missingProfiles.find(({ kind }) => kind === 'cpu')?.reason).toBe(
        'the run ended before it was written',
      );
    },
  );

  it.for(trackers.map((tracker) => ({ tracker })))(
    'of the $tracker tracker that gets a second signal ends at once and keeps what is saved',
    { timeout: 60_000 },
    async ({ tracker }) => {
      const { signal, exitCode } = signals[tracker];
      const lab = await labAt(tracker, 'profiled');
      await lab.untilSaved('clean');
      // What makes the orderly end last.
      process.kill(lab.tracker(), 'SIGSTOP');
      lab.child.process.kill(signal);
      await lab.child.errorLine((line) => line.startsWith(`${signal}: stopping`));
      const sentMs = performance.now();
      lab.child.process.kill(signal);
      expect(await lab.child.exitCode).toBe(exitCode);
      expect(performance.now() - sentMs).toBeLessThan(END_AT_ONCE_MS);
      await lab.lab.expectNothingLeft();
      const { folder, run } = lab.folder();
      expect(run.partial).toEqual({ reason: 'the lab was ended at once' });
      expect(run.phases.map(({ phase }) => phase)).toEqual(['warm-up', 'clean']);
      const [summary] = (await expectAnalyzable(folder)).split('\n');
      expect(summary).toContain('PARTIAL: the lab was ended at once');
    },
  );

  it.for(underLoad)(
    'whose $tracker tracker is killed at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }) => {
      const lab = await labAt(tracker, point);
      const killedMs = performance.now();
      process.kill(lab.tracker(), 'SIGKILL');
      expect(await lab.child.exitCode).toBe(12);
      expect(performance.now() - killedMs).toBeLessThan(ORDERLY_END_MS);
      await lab.lab.expectNothingLeft();
      const { folder, run, markdown } = lab.run();
      expect(run.targetExit).toMatchObject({ signal: 'SIGKILL', expected: false });
      expect(firstLine(markdown)).toMatch(
        /\*\*Partial:\*\* .*the tracker ended by itself \(signal SIGKILL\)/,
      );
      if (point === 'clean') await expectAnalyzable(folder);
    },
  );

  it.for(everywhere)(
    'of the $tracker tracker that is killed itself at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }) => {
      const lab = await labAt(tracker, point);
      lab.child.process.kill('SIGKILL');
      await lab.child.exitCode;
      await lab.lab.expectNothingLeft();
      if (point === 'start') {
        expect(lab.folders()).toEqual([]);
        return;
      }
      const { folder, run } = lab.folder();
      const [summary] = (await expectAnalyzable(folder)).split('\n');
      if (point === 'report') {
        expect(run.partial).toBeNull();
        return;
      }
      // It had the whole profiled phase to save the one before.
      if (point === 'profile-write')
        expect(run.phases.map(({ phase }) => phase)).toEqual(['warm-up', 'clean']);
      const phase = point === 'profile-write' ? 'profiled' : point;
      const told = `no end of it was recorded: the lab was killed after its ${phase} phase had begun`;
      expect(run.partial?.reason).toContain(told);
      expect(summary).toContain(`PARTIAL: ${told}`);
      expect(firstLine(readFileSync(path.join(folder, 'report.md'), 'utf8'))).toContain(told);
    },
  );

  it('whose tracker finds its port taken ends before any load, and names the port', async ({
    onTestFinished,
  }) => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    onTestFinished(() => void holder.close());
    const { port } = holder.address();
    const startMs = performance.now();
    const command = `node ${builtEntry('tracker/main.js')} --host 127.0.0.1 --port ${port}`;
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'clean',
      // An address by its name: the port is not expected to be free afterwards.
      target: ['--target', `udp://localhost:${port}`, '--exec', command],
    });
    const told = lab.child.errorLine((line) => /^[A-Z_]+: /.test(line));
    expect(await lab.child.exitCode).toBe(12);
    expect(performance.now() - startMs).toBeLessThan(ORDERLY_END_MS);
    expect(await told).toMatch(new RegExp(`^(ADDRESS_TAKEN|TRACKER_NOT_READY): .*${port}`));
    await expect(lab.child.errorLine((line) => line.startsWith('Phase: '))).rejects.toThrow('ended with 12');
    expect(lab.folders()).toEqual([]);
  });

  it('whose tracker ends before it serves ends with its words and leaves nothing', async () => {
    const command = `node --require=./no-such-module.cjs ${foreignTracker}`;
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'clean',
      target: await targetFlags('foreign', command),
    });
    const told = lab.child.errorLine((line) => line.startsWith('TRACKER_NOT_READY'));
    expect(await lab.child.exitCode).toBe(12);
    expect(await told).toContain('no-such-module');
    await lab.lab.expectNothingLeft();
    expect(lab.folders()).toEqual([]);
  });
});
