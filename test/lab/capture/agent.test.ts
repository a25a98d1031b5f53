import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import { agentLaunch } from '../../../src/lab/capture/agent-launch.ts';
import type { RuntimeReading } from '../../../src/lab/capture/capture-types.ts';
import {
  connectAgent,
  type NodeAgent,
  type StoppedProfiles,
} from '../../../src/lab/capture/node-agent-client.ts';
import { profileFileSchema } from '../../../src/run.ts';
import { buildProgram } from './build-program.ts';
import { readPprofFile, topLeaves } from './read-pprof.ts';

const INTERVAL_BYTES = 32 * 1024;
const goIsHere = spawnSync('go', ['version']).status === 0;
const children: ChildProcess[] = [];

interface Launched {
  readonly child: ChildProcess;
  readonly agent: NodeAgent;
  /** Messages that are not the agent's. */
  readonly ownMessages: unknown[];
}

function launch(script: string, liveHeap = false): Launched {
  const { nodeArguments, environment } = agentLaunch({
    socketPath: null,
    liveHeap: liveHeap ? { intervalBytes: INTERVAL_BYTES } : null,
    stopWithLab: true,
  });
  const child = spawn(process.execPath, [...nodeArguments, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...environment },
  });
  children.push(child);
  const ownMessages: unknown[] = [];
  child.on('message', (message: object) => 'trackerLabAgent' in message || ownMessages.push(message));
  return { child, agent: connectAgent(child), ownMessages };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function rowsUntil(agent: NodeAgent, count: number): Promise<RuntimeReading[]> {
  const rows: RuntimeReading[] = [];
  return new Promise((resolve) => {
    agent.startSampling(100, (row) => {
      if (rows.push(row) === count) resolve(rows);
    });
  });
}

let program: string;
let out: string;
let warmUp: StoppedProfiles;
let profiled: StoppedProfiles;
let rows: RuntimeReading[];
let ownMessages: unknown[];
let conflict: readonly { kind: string; reason: string }[];

beforeAll(async () => {
  program = buildProgram();
  out = mkdtempSync(path.join(os.tmpdir(), 'agent-'));
  const launched = launch(path.join(program, 'dist/main.js'), true);
  ownMessages = launched.ownMessages;
  await launched.agent.ready;
  await rowsUntil(launched.agent, 4);
  conflict = await launched.agent.startProfiles({ allocations: { intervalBytes: INTERVAL_BYTES } });
  warmUp = await launched.agent.stopProfiles({ directory: out, phase: 'warm-up' });
  const missing = await launched.agent.startProfiles({
    cpu: { intervalMicros: 1000 },
    allocations: { intervalBytes: INTERVAL_BYTES },
  });
  expect(missing).toEqual([]);
  rows = await rowsUntil(launched.agent, 10);
  profiled = await launched.agent.stopProfiles({ directory: out, phase: 'profiled' });
  await end(launched.child);
});

afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
});

afterAll(() => {
  rmSync(program, { recursive: true, force: true });
  rmSync(out, { recursive: true, force: true });
});

/** `name src/main.ts:line` of a function of the fixture, its line read from the source. */
function frameOf(name: string): string {
  const lines = readFileSync(path.join(program, 'src/main.ts'), 'utf8').split('\n');
  const line = lines.findIndex((text) => text.includes(`function ${name}(`)) + 1;
  return `${name} src/main.ts:${line}`;
}

describe('a profiled program', () => {
  it('leaves one whole file a profile, described as a run stores it', () => {
    expect(readdirSync(out).sort()).toEqual([
      'allocations.pb.gz',
      'cpu-slices.pb.gz',
      'cpu.pb.gz',
      'live-heap.pb.gz',
    ]);
    for (const file of [...warmUp.files, ...profiled.files])
      expect(profileFileSchema.parse(file)).toEqual(file);
    expect(warmUp.missing).toEqual([]);
    expect(profiled.missing).toEqual([]);
    expect(profiled.files.find(({ kind }) => kind === 'cpu')).toMatchObject({
      file: 'cpu.pb.gz',
      phase: 'profiled',
      threads: ['main', 'worker 1'],
      interval: { value: 1000, unit: 'microseconds' },
    });
  });

  it('has the same samples by slices of time, but for those without a time', () => {
    const { slices } = profiled.files.find(({ kind }) => kind === 'cpu') as (typeof profiled.files)[number];
    const file = path.join(out, slices?.file as string);
    const cpu = readPprofFile(path.join(out, 'cpu.pb.gz'));
    const sliced = readPprofFile(file);
    expect(sliced.types).toEqual(cpu.types);
    // Hits of all threads in the hot function: none is lost, none is counted twice.
    const hits = (profile: typeof cpu) =>
      topLeaves(profile, 'sample/count').find(([leaf]) => leaf === frameOf('burnIntegers'));
    expect(hits(sliced)).toEqual(hits(cpu));
    const decoded = decodeProfile(readFileSync(file), { fileName: file, label: 'slice' });
    const labels = new Set(decoded.ok ? decoded.profile.labels : []);
    // It burns all along: no slice in which all threads were profiled is without samples.
    const { firstSlice = 0, lastSlice = 0 } = slices ?? {};
    expect(lastSlice).toBeGreaterThan(firstSlice);
    for (let slice = firstSlice; slice <= lastSlice; slice++) expect(labels).toContain(slice);
  });

  it('has its hot function first in each thread, at its line in the TypeScript source', () => {
    const cpu = readPprofFile(path.join(out, 'cpu.pb.gz'));
    expect(cpu.types).toEqual(['sample/count', 'wall/nanoseconds', 'cpu/nanoseconds']);
    expect(cpu.defaultType).toBe('cpu');
    expect(topLeaves(cpu, 'cpu/nanoseconds', 'main')[0]?.[0]).toBe(frameOf('burnIntegers'));
    expect(topLeaves(cpu, 'cpu/nanoseconds', 'worker 1')[0]?.[0]).toBe(frameOf('burnInWorker'));
  });

  it('keeps node: names and leaves no path of this machine in its frames', () => {
    const frames = new Set(readPprofFile(path.join(out, 'cpu.pb.gz')).samples.flatMap(({ stack }) => stack));
    expect([...frames].some((frame) => frame.includes(' node:internal/timers:'))).toBe(true);
    expect([...frames].filter((frame) => frame.includes(program) || frame.includes(' /'))).toEqual([]);
    expect([...frames].filter((frame) => frame.includes('\0'))).toEqual([]);
  });

  it('has its allocator first, with what was collected since', () => {
    const allocations = readPprofFile(path.join(out, 'allocations.pb.gz'));
    expect(allocations.types).toEqual(['alloc_objects/count', 'alloc_space/bytes']);
    expect(allocations.period).toBe(INTERVAL_BYTES);
    const [leaf, bytes] = topLeaves(allocations, 'alloc_space/bytes')[0] as [string, number];
    expect(leaf).toBe(frameOf('allocateGarbage'));
    const [, objects] = topLeaves(allocations, 'alloc_objects/count')[0] as [string, number];
    // An array of four small integers: 16 bytes of header and length, 16 of elements header, 4 x 8.
    expect(bytes / objects).toBeGreaterThan(40);
    expect(bytes / objects).toBeLessThan(120);
  });

  it('has its keeper first in the live heap, from before the first message', () => {
    const live = readPprofFile(path.join(out, 'live-heap.pb.gz'));
    expect(live.types).toEqual(['inuse_objects/count', 'inuse_space/bytes']);
    expect(topLeaves(live, 'inuse_space/bytes', 'main')[0]?.[0]).toBe(frameOf('keepPoints'));
    expect(live.samples.flatMap(({ stack }) => stack)).toContain('(external) :0');
  });

  it('tells its runtime at an interval', () => {
    const row = rows.at(-1) as RuntimeReading;
    expect(row.kind).toBe('runtime');
    expect(row.heapUsedBytes).toBeGreaterThan(4_000_000);
    expect(row.heapTotalBytes).toBeGreaterThan(row.heapUsedBytes);
    expect(row.gc.minor.count).toBeGreaterThan(rows[0]?.gc.minor.count as number);
    expect(row.gc.minor.ms).toBeGreaterThan(0);
    expect(row.eventLoopUtilization).toBeGreaterThan(0.2);
    expect(row.eventLoopUtilization).toBeLessThanOrEqual(1);
    expect(row.eventLoopDelayNsMax).toBeGreaterThanOrEqual(row.eventLoopDelayNsP50);
  });

  it('sends its own messages as ever', () => {
    expect(ownMessages).toEqual([{ type: 'program-says', worker: 1 }]);
  });

  it('is told that the two heap profilers exclude each other', () => {
    expect(conflict.map(({ kind }) => kind)).toContain('allocations');
    expect(conflict[0]?.reason).toContain('live-heap profiler is on');
  });

  it.skipIf(!goIsHere)('opens in go tool pprof (needs Go)', () => {
    const top = (file: string, index: string) =>
      execFileSync('go', ['tool', 'pprof', '-top', `-sample_index=${index}`, path.join(out, file)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const firstRow = (text: string) =>
      text.split('\n')[text.split('\n').findIndex((l) => l.includes('flat%')) + 1];
    for (const [file, type] of [
      ['cpu.pb.gz', 'cpu/nanoseconds'],
      ['allocations.pb.gz', 'alloc_space/bytes'],
      ['live-heap.pb.gz', 'inuse_space/bytes'],
    ] as const) {
      const [leaf] = topLeaves(readPprofFile(path.join(out, file)), type)[0] as [string, number];
      const [index] = type.split('/') as [string];
      expect(firstRow(top(file, index))?.trim().split(/\s+/).at(-1)).toBe(leaf.split(' ')[0]);
    }
  });
});

describe('the preload', () => {
  function script(name: string, code: string): string {
    const file = path.join(out, name);
    writeFileSync(file, code);
    return file;
  }

  it('keeps no program alive that has nothing left to do', async () => {
    const { child } = launch(script('short.mjs', 'globalThis.done = true;'));
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  it('leaves a program alive that listens to the channel itself, and hands it what came before it listened', async () => {
    const code =
      "await new Promise((done) => setTimeout(done, 100)); process.on('message', () => process.exit(5));";
    const { child, agent } = launch(script('listens.mjs', code));
    await agent.ready;
    child.send('end');
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(5);
  });

  it('leaves a program that closes the channel itself to end as it likes', async () => {
    const { child } = launch(script('closes.mjs', 'process.exitCode = 6; process.disconnect();'));
    const [exitCode, signal] = await once(child, 'exit');
    expect({ exitCode, signal }).toEqual({ exitCode: 6, signal: null });
  });

  it('says of a program that was killed that its profiles are lost', async () => {
    const { child, agent } = launch(path.join(program, 'dist/main.js'));
    await agent.startProfiles({ cpu: { intervalMicros: 1000 } });
    child.kill('SIGKILL');
    const { files, missing } = await agent.stopProfiles({ directory: out, phase: 'profiled' });
    expect(files).toEqual([]);
    expect(missing).toEqual([{ kind: 'cpu', reason: 'the program ended (signal SIGKILL)' }]);
  });

  it('says that a file cannot be written, and leaves no half of it', async () => {
    const { agent } = launch(path.join(program, 'dist/main.js'));
    await agent.startProfiles({ cpu: { intervalMicros: 1000 } });
    const blocked = path.join(script('file-in-the-way', ''), 'below');
    const { files, missing } = await agent.stopProfiles({ directory: blocked, phase: 'profiled' });
    expect(files).toEqual([]);
    expect(missing[0]).toMatchObject({ kind: 'cpu', reason: expect.stringContaining(blocked) });
  });

  it('rejects where the program ends before it is ready', async () => {
    const child = spawn(process.execPath, ['-e', 'process.exit(4)'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    await expect(connectAgent(child).ready).rejects.toMatchObject({ code: 'AGENT_NOT_READY', exitCode: 12 });
  });

  it('does nothing in a program that another process has started', () => {
    const { nodeArguments, environment } = agentLaunch({
      socketPath: null,
      liveHeap: null,
      stopWithLab: true,
    });
    const foreign = {
      ...environment,
      TRACKER_LAB_AGENT: JSON.stringify({ labPid: 1, socketPath: null, liveHeap: null }),
    };
    const result = spawnSync(process.execPath, [...nodeArguments, '-e', 'console.log("ran")'], {
      env: { ...process.env, ...foreign },
      encoding: 'utf8',
    });
    expect(result).toMatchObject({ status: 0, stdout: 'ran\n', stderr: '' });
  });
});
