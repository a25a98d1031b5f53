import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import {
  type OwnTracker,
  type OwnTrackerOptions,
  startOwnTracker,
} from '../../../src/lab/target/own-tracker.ts';
import { allowedCpus } from '../../../src/lab/target/pinning.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const entry = path.join(fixtures, 'fake-tracker.mjs');
const started: OwnTracker[] = [];

async function start(behaviour: string, options: Partial<OwnTrackerOptions> = {}): Promise<OwnTracker> {
  const { args = [], ...rest } = options;
  const tracker = await startOwnTracker({
    entry,
    cpus: null,
    liveHeap: null,
    ...rest,
    args: [behaviour, ...args],
  });
  started.push(tracker);
  return tracker;
}

async function startError(behaviour: string, options: Partial<OwnTrackerOptions> = {}): Promise<LabError> {
  const error = await start(behaviour, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}

/** A zombie has ended; who reaps it is the system's matter. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function endOf(pid: number, withinMs: number): Promise<number> {
  const startMs = performance.now();
  while (isAlive(pid) && performance.now() - startMs < withinMs)
    await new Promise((done) => setTimeout(done, 20));
  return performance.now() - startMs;
}

afterEach(async () => {
  for (const tracker of started.splice(0)) await tracker.stop();
});

describe('the own tracker', () => {
  it('is ready with its address, and tells its counters when it is stopped', async () => {
    const tracker = await start('works');
    expect(tracker.record).toMatchObject({
      kind: 'own',
      name: 'fake-tracker',
      version: '1.2.3',
      runtime: `Node.js ${process.version}`,
      address: `udp://127.0.0.1:${tracker.port}`,
      network: 'local',
      pid: tracker.pid,
      receiveBuffer: { askedBytes: 1, givenBytes: 2 },
      socketKind: 'dgram',
      workers: 1,
    });
    expect(tracker.record.command).toContain(entry);

    expect(tracker.pids()).toEqual([tracker.pid]);
    const { exit, counters } = await tracker.stop();
    expect(tracker.pids()).toEqual([]);
    expect(exit).toEqual({ expected: true, exitCode: 0, signal: null, cause: null, lastStderr: '' });
    expect(counters).toEqual({ connects: 7 });
    expect(isAlive(tracker.pid)).toBe(false);
    expect((await tracker.stop()).exit).toEqual(exit);
  });

  it('tells in one sentence that it lost a worker', async () => {
    const told: string[] = [];
    const tracker = await start('loses-a-worker', { onLoss: (text) => told.push(text) });
    await tracker.stop();
    expect(told).toEqual([
      'Worker 2 of the tracker ended (planted) and was replaced; its 3 swarms with 40 peers were lost.',
    ]);
  });

  it.runIf(process.platform === 'linux')('runs on the cores that it was given', async () => {
    const cpu = String(allowedCpus().at(-1));
    const tracker = await start('works', { cpus: cpu });
    expect(readFileSync(`/proc/${tracker.pid}/status`, 'utf8')).toMatch(
      new RegExp(`^Cpus_allowed_list:\\s*${cpu}$`, 'm'),
    );
  });

  it('reports the signal that killed it, within two seconds, as unexpected', async () => {
    const tracker = await start('works');
    const startMs = performance.now();
    process.kill(tracker.pid, 'SIGKILL');
    const exit = await tracker.exited;
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(exit).toMatchObject({ expected: false, exitCode: null, signal: 'SIGKILL' });
    expect((await tracker.stop()).counters).toBeNull();
  });

  it('says out of memory, and that the profile is lost', async () => {
    const tracker = await start('out-of-memory', { nodeArgs: ['--max-old-space-size=32'] });
    await tracker.agent.startProfiles({ cpu: { intervalMicros: 1000 } });
    const exit = await tracker.exited;
    expect(exit).toMatchObject({ expected: false, cause: 'out of memory' });
    expect(exit.lastStderr).toContain('heap out of memory');
    const { files, missing } = await tracker.agent.stopProfiles({
      directory: '/nonexistent',
      phase: 'profiled',
    });
    expect(files).toEqual([]);
    expect(missing.map(({ kind }) => kind)).toEqual(['cpu']);
    expect(missing[0]?.reason).toContain('the program ended');
  });

  it('is killed where it does not end by itself', async () => {
    const tracker = await start('stubborn');
    const { exit } = await tracker.stop();
    expect(exit).toMatchObject({ expected: true, signal: 'SIGKILL' });
    expect(isAlive(tracker.pid)).toBe(false);
  });

  it('ends soon after the lab is killed', async () => {
    for (const behaviour of ['works', 'stubborn']) {
      const lab = fork(path.join(fixtures, 'doomed-lab.mjs'), [entry, behaviour], { execArgv: [] });
      const [{ pid }] = (await once(lab, 'message')) as [{ pid: number }];
      expect(isAlive(pid)).toBe(true);
      lab.kill('SIGKILL');
      expect(await endOf(pid, 5000)).toBeLessThan(5000);
    }
  });
});

describe('a tracker that does not start', () => {
  it('is named with its exit code and last words', async () => {
    const error = await startError('fails');
    expect(error).toMatchObject({ code: 'TRACKER_NOT_READY', exitCode: 12 });
    expect(error.message).toContain('exit code 3');
    expect(error.message).toContain('cannot read whitelist.txt');
  });

  it('is named by its port within a second where another process has it', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address();
    const startMs = performance.now();
    const error = await startError('works', { args: ['--port', String(port)] });
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(error).toMatchObject({ code: 'PORT_IN_USE', exitCode: 12 });
    expect(error.message).toContain(String(port));
    holder.close();
  });

  it('is given up when the run is interrupted', async () => {
    const abort = AbortSignal.abort(new Error('interrupted'));
    await expect(start('works', { abort })).rejects.toThrow('interrupted');
  });

  it('is named where the program cannot be run at all', async () => {
    const error = await startError('works', { node: '/nonexistent/node' });
    expect(error.code).toBe('TRACKER_NOT_READY');
    expect(error.message).toContain('ENOENT');
  });
});
