/**
 * Signals to the lab in every part of a run, of our tracker and of a foreign one. That nothing is left over is looked at
 * after every test.
 */
import { describe, expect, it } from 'vitest';
import { keepFigure } from './figures.ts';
import {
  exitCodes,
  expectAnalyzable,
  firstLine,
  LabUnderFault,
  type Point,
  signalled,
  type Tracker,
} from './lab-under-fault.ts';

/** From a signal to the end of the lab: what it may still do is stop its tracker (3 s) and write a report. */
const ORDERLY_END_MS = 5_000;
/** From a second signal to its end. */
const END_AT_ONCE_MS = 1_000;

async function labAt(tracker: Tracker, point: Point): Promise<LabUnderFault> {
  const lab = await LabUnderFault.start({ tracker, point });
  await lab.reach(point);
  return lab;
}

/** Sends the signal and waits for the end, of which the time is a figure of the table. */
async function endBy(
  lab: LabUnderFault,
  signal: 'SIGINT' | 'SIGTERM',
  { row, withinMs, exitCode }: { readonly row: string; readonly withinMs: number; readonly exitCode: number },
): Promise<void> {
  const sentMs = performance.now();
  lab.child.process.kill(signal);
  expect(await lab.child.exitCode).toBe(exitCode);
  const endedMs = performance.now() - sentMs;
  keepFigure(row, 'ended after', endedMs, 'ms');
  expect(endedMs).toBeLessThan(withinMs);
  await lab.lab.expectNothingLeft();
}

describe.skipIf(process.platform !== 'linux').concurrent('a run', () => {
  it.for(signalled)(
    'of the $tracker tracker that gets $signal at: $point',
    { timeout: 60_000 },
    async ({ tracker, point, signal }) => {
      const lab = await labAt(tracker, point);
      await endBy(lab, signal, {
        row: 'SIGINT, SIGTERM',
        withinMs: ORDERLY_END_MS,
        exitCode: exitCodes[signal],
      });
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

  it.for([
    { tracker: 'ours', signal: 'SIGTERM' },
    { tracker: 'foreign', signal: 'SIGINT' },
  ] as const)(
    'of the $tracker tracker, which does not answer any more, that gets $signal',
    { timeout: 60_000 },
    async ({ tracker, signal }) => {
      const lab = await labAt(tracker, 'profiled');
      process.kill(lab.tracker(), 'SIGSTOP');
      await endBy(lab, signal, {
        row: 'the same, of a tracker that does not answer any more',
        withinMs: ORDERLY_END_MS,
        exitCode: exitCodes[signal],
      });
      const { run } = lab.run();
      expect(run.partial).toEqual({ reason: `stopped by ${signal}` });
      expect(run.notes).toContain('The tracker did not end when it was asked to (SIGTERM), and was killed.');
      expect(run.missingProfiles.find(({ kind }) => kind === 'cpu')?.reason).toBe(
        'the run ended before it was written',
      );
    },
  );

  it.for(signalled)(
    'of the $tracker tracker that gets a second signal after $signal at: $point',
    { timeout: 60_000 },
    async ({ tracker, point, signal }) => {
      const lab = await labAt(tracker, point);
      if (point === 'profiled') await lab.untilSaved('clean');
      // What makes the orderly end last. At its end and before its first answer there is none to freeze.
      const frozen = point === 'start' || point === 'report' ? null : lab.runningTracker();
      if (frozen !== null) process.kill(frozen, 'SIGSTOP');
      lab.child.process.kill(signal);
      await lab.child.errorLine((line) => line.startsWith(`${signal}: stopping`));
      // Whichever it is, the exit code is that of the first.
      await endBy(lab, signal === 'SIGINT' ? 'SIGTERM' : 'SIGINT', {
        row: 'a second signal',
        withinMs: END_AT_ONCE_MS,
        exitCode: exitCodes[signal],
      });
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
      const atOnce = 'the lab was ended at once';
      // A tracker that was not frozen in time may have let the run come to its orderly end.
      const reasons = frozen === null ? [atOnce, `stopped by ${signal}`] : [atOnce];
      expect(reasons).toContain(run.partial?.reason);
      expect(summary).toContain(`PARTIAL: ${run.partial?.reason}`);
      if (point === 'profiled') expect(run.phases.map(({ phase }) => phase)).toEqual(['warm-up', 'clean']);
    },
  );
});
