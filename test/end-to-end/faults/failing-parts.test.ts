/** A part of a run that fails under load, beside the lab itself: the tracker's memory and its end, load threads, perf. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { PhaseName } from '../../../src/run.ts';
import { keepFigure } from './figures.ts';
import {
  endOf,
  expectAnalyzable,
  firstLine,
  fixture,
  foreignTracker,
  LabUnderFault,
  preloaded,
  type Tracker,
  targetFlags,
  trackers,
} from './lab-under-fault.ts';

const isLinux = process.platform === 'linux';
const hasPerf = spawnSync('perf', ['record', '-o', '/dev/null', 'true']).status === 0;
const forEach = trackers.map((tracker) => ({ tracker }));
/** Each phase, and each tracker twice: a third less than all of them, each of which is a lab of its own. */
const memoryEnds = [
  { phase: 'warm-up', tracker: 'ours' },
  { phase: 'clean', tracker: 'foreign' },
  { phase: 'profiled', tracker: 'ours' },
  { phase: 'profiled', tracker: 'foreign' },
] as const;
const threadDeaths = [
  { phase: 'warm-up', tracker: 'foreign' },
  { phase: 'clean', tracker: 'ours' },
  { phase: 'clean', tracker: 'foreign' },
  { phase: 'profiled', tracker: 'ours' },
] as const;

describe.skipIf(!isLinux).concurrent('a tracker', () => {
  it.for(memoryEnds)(
    '($tracker) that runs out of memory at: $phase is said to, and so are its lost profiles',
    { timeout: 60_000 },
    async ({ tracker, phase }) => {
      const { NODE_OPTIONS } = preloaded('leaking-tracker.cjs');
      const lab = await LabUnderFault.start({
        tracker,
        point: phase,
        options: {
          env: { NODE_OPTIONS: `--max-old-space-size=64 ${NODE_OPTIONS}` },
          // Of the lab itself, which has the same environment.
          nodeArgs: ['--max-old-space-size=2048'],
        },
      });
      await lab.reach(phase);
      const pid = lab.tracker();
      process.kill(pid, 'SIGUSR2');
      const goneMs = await endOf(pid);
      expect(await lab.child.exitCode).toBe(12);
      const seenMs = performance.now() - goneMs;
      keepFigure('the tracker runs out of memory', 'ended after', seenMs, 'ms');
      expect(seenMs).toBeLessThan(2_000);
      const { run, markdown } = lab.run();
      expect(run.targetExit).toMatchObject({ expected: false, cause: 'out of memory' });
      expect(firstLine(markdown)).toContain('the tracker ended by itself (out of memory)');
      const lost = run.missingProfiles.filter(({ reason }) => /^the (program|run) ended/.test(reason));
      if (phase === 'profiled') expect(lost.map(({ kind }) => kind)).toContain('cpu');
    },
  );

  it('that SIGTERM does not end is killed, and the report says so', { timeout: 60_000 }, async () => {
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'report',
      target: await targetFlags('foreign', `node ${foreignTracker} --stubborn`),
    });
    await lab.reach('profile-write');
    const startMs = performance.now();
    const goneMs = await endOf(lab.tracker());
    keepFigure('the tracker ignores SIGTERM', 'killed after', goneMs - startMs, 'ms');
    expect(goneMs - startMs).toBeLessThan(5_000);
    // 11: this machine was too busy to judge the tracker, which is whole nevertheless.
    expect([0, 11]).toContain(await lab.child.exitCode);
    await lab.lab.expectNothingLeft();
    const { run, markdown } = lab.run();
    expect(run.partial).toBeNull();
    expect(run.targetExit).toMatchObject({ expected: true, signal: 'SIGKILL' });
    expect(markdown).toContain('The tracker did not end when it was asked to (SIGTERM), and was killed.');
  });
});

describe.concurrent('a load thread that dies', () => {
  it.for(threadDeaths)(
    'at: $phase leaves a partial run of the $tracker tracker without its share',
    { timeout: 60_000 },
    async ({ tracker, phase }) => {
      const { exitCode, run, markdown } = await withDyingThreads(tracker, phase, '1');
      // Half the load was not offered: the run is no measure of the tracker, however quiet the machine.
      expect(exitCode).toBe(11);
      expect(run.lostClientShare).toBe(0.5);
      expect(firstLine(markdown)).toMatch(
        /\*\*Partial:\*\* .*1 load thread with 50 % of the clients was lost/,
      );
      for (const { threads } of run.phases) expect(threads).toHaveLength(1);
    },
  );

  it('as the last one ends the run', { timeout: 60_000 }, async () => {
    const { exitCode, run, markdown } = await withDyingThreads('ours', 'clean', '0,1');
    expect(exitCode).toBe(11);
    expect(run.partial?.reason).toMatch(/^no load thread is left/);
    expect(firstLine(markdown)).toContain('no load thread is left');
  });

  async function withDyingThreads(tracker: Tracker, phase: PhaseName, threads: string) {
    const lab = await LabUnderFault.start({
      tracker,
      point: 'report',
      // Of the phase, what is left of it after the death.
      more: ['--load-threads', '2', `--${lengthFlags[phase]}`, '800ms'],
      options: {
        nodeArgs: ['--require', fixture('dying-load-threads.cjs')],
        env: { DYING_LOAD_THREADS: threads, DYING_LOAD_PHASE: phase },
      },
    });
    await lab.child.errorLine((line) => line === 'A load thread dies');
    const deadMs = performance.now();
    await lab.child.errorLine((line) => line.includes('LOAD_THREAD_DIED'));
    const toldMs = performance.now() - deadMs;
    keepFigure('a load thread dies', 'told after', toldMs, 'ms');
    expect(toldMs).toBeLessThan(1_000);
    const { exitCode } = await lab.lab.ended();
    await lab.lab.expectNothingLeft();
    const { folder, run, markdown } = lab.run();
    await expectAnalyzable(folder);
    return { exitCode, run, markdown };
  }
});

const lengthFlags = {
  'warm-up': 'warmup',
  clean: 'duration',
  profiled: 'profile-duration',
} as const satisfies Record<PhaseName, string>;

describe.skipIf(!hasPerf)(`perf${hasPerf ? '' : ' (skipped: perf cannot record here)'}`, () => {
  it.for(forEach)(
    'does not outlive the lab that was killed over the $tracker tracker',
    { timeout: 60_000 },
    async ({ tracker }) => {
      const lab = await LabUnderFault.start({ tracker, point: 'profiled', more: ['--perf'] });
      await lab.reach('profiled');
      for (let looks = 0; lab.lab.started(/^perf record/).length === 0 && looks < 500; looks++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(lab.lab.started(/^perf record/)).not.toEqual([]);
      lab.child.process.kill('SIGKILL');
      await lab.child.exitCode;
      keepFigure('the same, with `--perf`', 'nothing left after', await lab.lab.expectNothingLeft(), 'ms');
      expect(lab.folder().run.partial).not.toBeNull();
    },
  );
});
