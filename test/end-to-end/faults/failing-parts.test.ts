/** A part of a run that fails, beside the lab and its tracker: memory, profilers, load threads, the target's address, perf. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { WatchedLab } from '../watched-lab.ts';
import {
  expectAnalyzable,
  firstLine,
  foreignTracker,
  LabUnderFault,
  quietLoad,
  scratchFolder,
  targetFlags,
  trackers,
} from './lab-under-fault.ts';

const isLinux = process.platform === 'linux';
const hasPerf = spawnSync('perf', ['record', '-o', '/dev/null', 'true']).status === 0;
const fixtures = path.join(import.meta.dirname, '..', 'fixtures');
const forEach = trackers.map((tracker) => ({ tracker }));

describe.skipIf(!isLinux).concurrent('a tracker', () => {
  it('that runs out of memory is said to, and its lost profiles are', { timeout: 60_000 }, async () => {
    const command = `node --max-old-space-size=40 ${foreignTracker} --leak`;
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'profiled',
      target: await targetFlags('foreign', command),
      // It lasts a second or two.
      more: ['--warmup', '0s', '--duration', '100ms'],
    });
    expect(await lab.child.exitCode).toBe(12);
    const { run, markdown } = lab.run();
    expect(run.targetExit).toMatchObject({ expected: false, cause: 'out of memory' });
    expect(firstLine(markdown)).toContain('the tracker ended by itself (out of memory)');
    const lost = run.missingProfiles.filter(({ reason }) => /^the (program|run) ended/.test(reason));
    expect(lost.map(({ kind }) => kind)).toContain('cpu');
  });

  it('that SIGTERM does not end is killed, and the report says so', { timeout: 60_000 }, async () => {
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'report',
      target: await targetFlags('foreign', `node ${foreignTracker} --stubborn`),
    });
    expect([0, 11]).toContain(await lab.child.exitCode);
    await lab.lab.expectNothingLeft();
    const { run, markdown } = lab.run();
    expect(run.partial).toBeNull();
    expect(run.targetExit).toMatchObject({ expected: true, signal: 'SIGKILL' });
    expect(markdown).toContain('The tracker did not end when it was asked to (SIGTERM), and was killed.');
  });

  // Nothing of the lab is in these processes that could end them.
  it.for([
    { end: 'SIGKILL of the lab', signals: ['SIGKILL'] },
    { end: 'two signals', signals: ['SIGINT', 'SIGINT'] },
  ] as const)(
    'that knows nothing of the lab and has processes of its own does not outlive it after $end',
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
      await lab.lab.expectNothingLeft();
      expect(lab.folder().run.partial).not.toBeNull();
    },
  );
});

describe.concurrent('a profiler that does not start', () => {
  it.for(forEach)('stops a run of the $tracker tracker before its load', async ({ tracker }) => {
    const preload = path.join(fixtures, 'no-cpu-profiler.cjs');
    const out = path.join(scratchFolder(), 'out');
    const target = await targetFlags(tracker);
    const lab = WatchedLab.start(['--out', out, ...quietLoad, ...target], {
      env: { NODE_OPTIONS: `--require=${preload}` },
    });
    const { exitCode, stderr } = await lab.ended();
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(/PROFILER_FAILED: the cpu profiler did not start: main: no timer for samples/);
    expect(stderr).not.toContain('Phase:');
  });
});

describe.concurrent('a load thread that dies', () => {
  it.for(forEach)(
    'leaves a partial run of the $tracker tracker without its share',
    { timeout: 60_000 },
    async ({ tracker }) => {
      const { exitCode, run, markdown } = await withDyingThreads(tracker, '1');
      // Half the rate was not offered: the run is no measure of the tracker.
      expect([0, 11]).toContain(exitCode);
      expect(run.lostClientShare).toBe(0.5);
      expect(firstLine(markdown)).toMatch(
        /\*\*Partial:\*\* .*1 load threads with 50 % of the clients were lost/,
      );
      for (const { threads } of run.phases) expect(threads).toHaveLength(1);
    },
  );

  it('as the last one ends the run', { timeout: 60_000 }, async () => {
    const { run, markdown } = await withDyingThreads('ours', '0,1');
    expect(run.partial?.reason).toMatch(/^no load thread is left/);
    expect(firstLine(markdown)).toContain('no load thread is left');
  });

  async function withDyingThreads(tracker: (typeof trackers)[number], threads: string) {
    const lab = await LabUnderFault.start({
      tracker,
      point: 'report',
      more: ['--load-threads', '2', '--duration', '1s'],
      options: {
        nodeArgs: ['--require', path.join(fixtures, 'dying-load-threads.cjs')],
        env: { DYING_LOAD_THREADS: threads },
      },
    });
    const { exitCode } = await lab.lab.ended();
    await lab.lab.expectNothingLeft();
    const { folder, run, markdown } = lab.run();
    await expectAnalyzable(folder);
    return { exitCode, run, markdown };
  }
});

describe.concurrent('an address', () => {
  it.for([
    { where: 'nobody listens', answers: false, code: 'TARGET_UNREACHABLE' },
    { where: 'nobody answers', answers: true, code: 'TARGET_SILENT' },
  ])(
    'where $where ends the run before its load, within 5 s',
    { timeout: 30_000 },
    async ({ answers, code }) => {
      const silent = createSocket('udp4').bind(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address();
      if (!answers) silent.close();
      const out = path.join(scratchFolder(), 'out');
      const lab = WatchedLab.start(['--out', out, '--target', `udp://127.0.0.1:${port}`, ...quietLoad]);
      await lab.child.errorLine((line) => line.startsWith('Scenario '));
      const startMs = performance.now();
      const ended = await lab.ended();
      if (answers) silent.close();
      expect(performance.now() - startMs).toBeLessThan(5_000);
      expect(ended.exitCode).toBe(12);
      expect(ended.stderr).toMatch(new RegExp(`^${code}: .*:${port}.*Hint: `, 'm'));
      expect(ended.stderr).not.toContain('Phase:');
    },
  );
});

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
      await lab.lab.expectNothingLeft();
      expect(lab.folder().run.partial).not.toBeNull();
    },
  );
});
