/** The lab, or its tracker, is killed in every part of a run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepFigure } from './figures.ts';
import {
  expectAnalyzable,
  firstLine,
  fixture,
  foreignTracker,
  LabUnderFault,
  type Point,
  points,
  targetFlags,
  trackers,
} from './lab-under-fault.ts';

/** From the end of a tracker to that of its lab, report included. */
const SEEN_WITHIN_MS = 2_000;

const everywhere = trackers.flatMap((tracker) => points.map((point) => ({ tracker, point })));
const whileItRuns = trackers.flatMap((tracker) =>
  (['warm-up', 'clean', 'profiled', 'profile-write'] as const).map((point) => ({ tracker, point })),
);

describe.skipIf(process.platform !== 'linux').concurrent('a run', () => {
  it.for(whileItRuns)(
    'whose $tracker tracker is killed at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }) => {
      const lab = await LabUnderFault.start({ tracker, point });
      await lab.reach(point);
      const pid = lab.runningTracker();
      const killedMs = performance.now();
      if (pid !== null) process.kill(pid, 'SIGKILL');
      const exitCode = await lab.child.exitCode;
      const endedMs = performance.now() - killedMs;
      await lab.lab.expectNothingLeft();
      const { folder, run, markdown } = lab.run();
      // While the profiles are written, the lab may have been quicker and have stopped the tracker by then.
      if (point === 'profile-write' && run.targetExit?.expected === true) {
        expect(run.partial).toBeNull();
        return;
      }
      keepFigure('the tracker is killed', 'ended after', endedMs, 'ms');
      expect(endedMs).toBeLessThan(SEEN_WITHIN_MS);
      expect(exitCode).toBe(12);
      expect(run.targetExit).toMatchObject({ signal: 'SIGKILL', expected: false });
      expect(firstLine(markdown)).toMatch(
        /\*\*Partial:\*\* .*the tracker ended by itself \(signal SIGKILL\)/,
      );
      const lost = run.missingProfiles.find(({ kind }) => kind === 'cpu')?.reason;
      if (point === 'profiled') expect(lost).toMatch(/^the (program|run) ended/);
      if (point === 'clean') await expectAnalyzable(folder);
    },
  );

  it.for(everywhere)(
    'of the $tracker tracker that is killed itself at: $point',
    { timeout: 60_000 },
    async ({ tracker, point }) => {
      const lab = await LabUnderFault.start({ tracker, point });
      await lab.reach(point);
      lab.child.process.kill('SIGKILL');
      await lab.child.exitCode;
      keepFigure('SIGKILL of the lab', 'nothing left after', await lab.lab.expectNothingLeft(), 'ms');
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
      const phase: Point = point === 'profile-write' ? 'profiled' : point;
      const told = `no end of it was recorded: the lab was killed after its ${phase} phase had begun`;
      expect(run.partial?.reason).toContain(told);
      expect(summary).toContain(`PARTIAL: ${told}`);
      expect(firstLine(readFileSync(path.join(folder, 'report.md'), 'utf8'))).toContain(told);
    },
  );

  it.for(trackers.map((tracker) => ({ tracker })))(
    'of the $tracker tracker that is killed itself while it writes its report',
    { timeout: 60_000 },
    async ({ tracker }) => {
      const nodeArgs = ['--require', fixture('stuck-report.cjs')];
      const lab = await LabUnderFault.start({ tracker, point: 'report', options: { nodeArgs } });
      await lab.child.errorLine((line) => line === 'A report is half written');
      lab.child.process.kill('SIGKILL');
      await lab.child.exitCode;
      keepFigure('SIGKILL of the lab', 'nothing left after', await lab.lab.expectNothingLeft(), 'ms');
      const { folder, run } = lab.folder();
      expect(run.partial).toBeNull();
      await expectAnalyzable(folder);
    },
  );

  // Nothing of the lab is in these processes that could end them.
  it.for([
    { end: 'SIGKILL of the lab', signals: ['SIGKILL'] },
    { end: 'two signals', signals: ['SIGINT', 'SIGINT'] },
  ] as const)(
    'whose tracker knows nothing of the lab and has processes of its own is not outlived by it after $end',
    { timeout: 60_000 },
    async ({ signals }) => {
      const [, url = ''] = await targetFlags('foreign');
      const tracker = `node ${foreignTracker} --stubborn --port ${new URL(url).port}`;
      const lab = await LabUnderFault.start({
        tracker: 'foreign',
        point: 'clean',
        target: ['--target', url, '--exec', `env -u NODE_OPTIONS sh -c '${tracker} & sleep 60 & wait'`],
      });
      await lab.reach('clean');
      expect(lab.lab.started(/^sleep 60/)).toHaveLength(1);
      for (const signal of signals) {
        lab.child.process.kill(signal);
        if (signal === 'SIGINT') await lab.child.errorLine((line) => line.startsWith('SIGINT: stopping'));
      }
      await lab.child.exitCode;
      const goneMs = await lab.lab.expectNothingLeft();
      keepFigure('the same, of a tracker that ignores SIGTERM', 'nothing left after', goneMs, 'ms');
      expect(lab.folder().run.partial).not.toBeNull();
    },
  );
});
