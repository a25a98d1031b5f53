/** The table of faults: each is put into a real run, of our tracker and of a foreign one, and nothing may be left over. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, type TestContext } from 'vitest';
import { builtEntry } from '../../../src/package-root.ts';
import {
  expectAnalyzable,
  firstLine,
  foreignTracker,
  LabUnderFault,
  type Point,
  points,
  type Tracker,
  trackers,
} from './lab-under-fault.ts';

/** From a signal to the end of the lab: what it may still do is stop its tracker (3 s) and write a report. */
const ORDERLY_END_MS = 5_000;

async function labAt(
  tracker: Tracker,
  point: Point,
  { onTestFinished }: TestContext,
): Promise<LabUnderFault> {
  const lab = await LabUnderFault.start({ tracker, point });
  onTestFinished(() => lab.end());
  await lab.reach(point);
  return lab;
}

const signals = {
  ours: { signal: 'SIGINT', exitCode: 130 },
  foreign: { signal: 'SIGTERM', exitCode: 143 },
} as const;

describe.skipIf(process.platform !== 'linux').concurrent('a run', () => {
  it.for(trackers.flatMap((tracker) => points.map((point) => ({ tracker, point }))))(
    'of the $tracker tracker that gets a signal at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }, context) => {
      const { signal, exitCode } = signals[tracker];
      const lab = await labAt(tracker, point, context);
      const sentMs = performance.now();
      lab.child.process.kill(signal);
      expect(await lab.child.exitCode).toBe(exitCode);
      expect(performance.now() - sentMs).toBeLessThan(ORDERLY_END_MS);
      await lab.expectNothingLeft();
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
        const [summary] = (await expectAnalyzable(folder)).split('\n');
        expect(summary).toContain(`PARTIAL: stopped by ${signal}`);
      }
    },
  );

  it.for(
    trackers.flatMap((tracker) =>
      (['warm-up', 'clean', 'profiled'] as const).map((point) => ({ tracker, point })),
    ),
  )(
    'whose $tracker tracker is killed at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }, context) => {
      const lab = await labAt(tracker, point, context);
      process.kill(lab.tracker(), 'SIGKILL');
      expect(await lab.child.exitCode).toBe(12);
      await lab.expectNothingLeft();
      const { folder, run, markdown } = lab.run();
      expect(run.targetExit).toMatchObject({ signal: 'SIGKILL', expected: false });
      expect(firstLine(markdown)).toMatch(
        /\*\*Partial:\*\* .*the tracker ended by itself \(signal SIGKILL\)/,
      );
      await expectAnalyzable(folder);
    },
  );

  it.for(trackers.map((tracker) => ({ tracker })))(
    'of the $tracker tracker that is killed itself leaves no process, no port and a folder that says so',
    { timeout: 60_000 },
    async ({ tracker }, context) => {
      const lab = await labAt(tracker, 'clean', context);
      lab.child.process.kill('SIGKILL');
      await lab.child.exitCode;
      await lab.expectNothingLeft();
      expect(lab.folders()).toHaveLength(1);
      await expect(expectAnalyzable(lab.folders()[0] as string)).rejects.toThrow('RUN_NOT_SAVED');
    },
  );

  it('whose tracker finds its port taken ends before any load, and names the port', async (context) => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    context.onTestFinished(() => void holder.close());
    const { port } = holder.address();
    const startMs = performance.now();
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'clean',
      command: `node ${builtEntry('tracker/main.js')} --host 127.0.0.1`,
      port,
    });
    context.onTestFinished(() => lab.end());
    const told = lab.child.errorLine((line) => /^[A-Z_]+: /.test(line));
    expect(await lab.child.exitCode).toBe(12);
    expect(performance.now() - startMs).toBeLessThan(ORDERLY_END_MS);
    expect(await told).toMatch(new RegExp(`^(ADDRESS_TAKEN|TRACKER_NOT_READY): .*${port}`));
    await expect(lab.child.errorLine((line) => line.startsWith('Phase: '))).rejects.toThrow('ended with 12');
    expect(lab.folders()).toEqual([]);
  });

  it('whose tracker ends before it serves ends with its words and leaves nothing', async ({
    onTestFinished,
  }) => {
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'clean',
      command: `node --require=./no-such-module.cjs ${foreignTracker}`,
    });
    onTestFinished(() => lab.end());
    const told = lab.child.errorLine((line) => line.startsWith('TRACKER_NOT_READY'));
    expect(await lab.child.exitCode).toBe(12);
    expect(await told).toContain('no-such-module');
    await lab.expectNothingLeft();
    expect(lab.folders()).toEqual([]);
  });
});
