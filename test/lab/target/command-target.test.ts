import { fork, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import {
  type CommandTarget,
  type CommandTargetOptions,
  startCommandTarget,
} from '../../../src/lab/target/command-target.ts';
import { openTarget } from '../../../src/lab/target/open-target.ts';
import { allowedCpus, pinningObstacle } from '../../../src/lab/target/pinning.ts';
import { targetSchema } from '../../../src/run.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const tracker = path.join(fixtures, 'command-tracker.mjs');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const isLinux = process.platform === 'linux';

const started: CommandTarget[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const target of started.splice(0)) await target.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(() => done()));
  return port;
}

async function start(
  command: (port: number) => string,
  options: Partial<CommandTargetOptions> = {},
): Promise<CommandTarget> {
  const port = await freePort();
  const target = await startCommandTarget({
    command: command(port),
    cwd: null,
    environment: {},
    url: `udp://127.0.0.1:${port}`,
    allowRemote: false,
    cpus: null,
    liveHeap: null,
    nodeFlags: [],
    ...options,
  });
  started.push(target);
  return target;
}

async function startError(
  command: (port: number) => string,
  options: Partial<CommandTargetOptions> = {},
): Promise<LabError> {
  const error = await start(command, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isLinux || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Processes whose command line has this word. */
function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe('a Node command', () => {
  it('is ready when it answers a connect, with the preload in it', async () => {
    const target = await start((port) => `node '${tracker}' --port ${port}`, {
      liveHeap: { intervalBytes: 131_072 },
    });
    expect(targetSchema.parse(target.record)).toEqual(target.record);
    expect(target.record).toMatchObject({
      kind: 'command',
      name: 'command-tracker.mjs',
      version: null,
      runtime: `Node.js ${process.version}`,
      address: `udp://127.0.0.1:${target.port}`,
      network: 'local',
      pid: target.pid,
    });
    expect(target.record.command).toEqual(['node', tracker, '--port', String(target.port)]);
    expect(target.notes).toEqual([]);
    expect(target.pids()).toEqual([target.pid]);
    expect((await target.agent?.ready)?.missing).toEqual([]);

    const folder = mkdtempSync(path.join(os.tmpdir(), 'command-target-'));
    folders.push(folder);
    const { files } = (await target.agent?.stopProfiles({ directory: folder, phase: 'warm-up' })) ?? {};
    expect(files?.map(({ kind }) => kind)).toEqual(['live-heap']);

    expect(await target.stop()).toMatchObject({
      exit: { expected: true, signal: 'SIGTERM' },
      counters: null,
    });
    expect(isAlive(target.pid)).toBe(false);
    expect(target.pids()).toEqual([]);
    expect((await target.stop()).exit.expected).toBe(true);
  });

  it('may be a script with a shebang, beside the options that the user has for Node', async () => {
    const target = await start((port) => `./command-tracker.mjs --port ${port}`, {
      cwd: fixtures,
      environment: { NODE_OPTIONS: '--max-old-space-size=64' },
      // Of these Node takes only the first by NODE_OPTIONS.
      nodeFlags: ['--interpreted-frames-native-stack', '--logfile=+', '--no-logfile-per-isolate'],
    });
    expect(target.record).toMatchObject({
      name: 'command-tracker.mjs',
      runtime: `Node.js ${process.version}`,
    });
    if (isLinux) {
      const environment = readFileSync(`/proc/${target.pid}/environ`, 'utf8');
      const nodeOptions = /(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(environment)?.[1];
      expect(nodeOptions).toMatch(
        /^--max-old-space-size=64 --import file:\S+agent\.js --interpreted-frames-native-stack$/,
      );
    }
  });

  it.skipIf(pinningObstacle() !== null)('runs on the cores that it was given (needs taskset)', async () => {
    const cpu = String(allowedCpus().at(-1));
    const target = await start((port) => `node '${tracker}' --port ${port}`, { cpus: cpu });
    expect(target.agent).not.toBeNull();
    expect(target.record.name).toBe('command-tracker.mjs');
    expect(readFileSync(`/proc/${target.pid}/status`, 'utf8')).toMatch(
      new RegExp(`^Cpus_allowed_list:\\s*${cpu}$`, 'm'),
    );
  });

  it('is started itself where npx stands in front of an installed program', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'command-target-'));
    folders.push(folder);
    mkdirSync(path.join(folder, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(tracker, path.join(folder, 'node_modules', '.bin', 'planted-tracker'));
    const target = await start((port) => `npx --no planted-tracker --port ${port}`, { cwd: folder });
    expect(target.agent).not.toBeNull();
    expect(target.record.name).toBe('planted-tracker');
    expect(target.record.command?.[0]).toBe(path.join(folder, 'node_modules', '.bin', 'planted-tracker'));
    expect(target.notes).toEqual([expect.stringContaining('without npx')]);
  });

  it('is killed where it does not end by itself', async () => {
    const target = await start((port) => `node '${tracker}' --port ${port} stubborn`);
    expect((await target.stop()).exit).toMatchObject({ expected: true, signal: 'SIGKILL' });
    expect(isAlive(target.pid)).toBe(false);
  });

  it('tells its end that the lab did not ask for', async () => {
    const target = await start((port) => `node '${tracker}' --port ${port}`);
    process.kill(target.pid, 'SIGKILL');
    expect(await target.exited).toMatchObject({ expected: false, signal: 'SIGKILL' });
    expect((await target.stop()).exit.expected).toBe(false);
  });
});

describe.runIf(isLinux)('a Node tracker below another program', () => {
  const hasNpm = spawnSync('npm', ['--version']).status === 0;

  /** A package whose start script is the tracker. */
  function packageWith(scripts: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'command-target-'));
    folders.push(folder);
    writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ name: 'planted', version: '4.5.6', private: true, bin: './tracker.mjs', scripts }),
    );
    copyFileSync(tracker, path.join(folder, 'tracker.mjs'));
    return folder;
  }

  /** The kinds of profile that its agent can give. */
  async function profiledKinds(target: CommandTarget): Promise<string[]> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'command-target-'));
    folders.push(folder);
    expect(await target.agent?.probeProfilers()).toEqual([]);
    await target.agent?.startProfiles({ cpu: { intervalMicros: 1000 } });
    const { files, missing } = (await target.agent?.stopProfiles({
      directory: folder,
      phase: 'profiled',
    })) ?? { files: [], missing: [] };
    expect(missing).toEqual([]);
    return files.map(({ kind }) => kind).sort();
  }

  it.skipIf(!hasNpm)('is profiled where npm starts it (needs npm)', async () => {
    const folder = packageWith({ start: 'node tracker.mjs' });
    const target = await start((port) => `npm start -- --port ${port}`, {
      cwd: folder,
      liveHeap: { intervalBytes: 131_072 },
      readyTimeoutMs: 20_000,
    });
    expect(target.record).toMatchObject({
      name: 'tracker.mjs',
      version: '4.5.6',
      runtime: `Node.js ${process.version}`,
    });
    expect(target.notes).toEqual([]);
    const { pid } = (await target.agent?.ready) ?? {};
    expect(pid).not.toBe(target.pid);
    expect(target.pids()).toContain(pid);
    expect(await profiledKinds(target)).toEqual(['cpu', 'live-heap']);
  });

  it('is told from other Node programs of the same command', async () => {
    const target = await start(
      (port) =>
        `sh -c "node -e 'setInterval(() => {}, 1000)' & node -e 0; node '${tracker}' --port ${port}; true"`,
      { environment: { NODE_OPTIONS: '--max-old-space-size=64' } },
    );
    expect(target.record.name).toBe('command-tracker.mjs');
    expect(await profiledKinds(target)).toEqual(['cpu']);
    expect(target.pids().length).toBe(3);
  });

  it('leaves no socket behind once it is found', async () => {
    const target = await start((port) => `sh -c "node '${tracker}' --port ${port} & wait"`);
    const environment = readFileSync(`/proc/${target.pid}/environ`, 'utf8');
    const socket = /"socketPath":"([^"]+)"/.exec(environment)?.[1] as string;
    expect(path.isAbsolute(socket)).toBe(true);
    expect(existsSync(path.dirname(socket))).toBe(false);
    const pids = target.pids();
    await target.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is said to be out of reach where its environment was cleaned', async () => {
    const target = await start((port) => `env -i '${process.execPath}' '${tracker}' --port ${port}`);
    expect(target.agent).toBeNull();
    expect(target.notes).toEqual([expect.stringContaining('its preload gave no sign')]);
  });
});

describe.runIf(isLinux)('a command with processes of its own', () => {
  it('is stopped with those that a shell has started', async () => {
    const target = await start((port) => `sh -c "node '${tracker}' --port ${port} & wait"`);
    expect(target.record).toMatchObject({
      name: 'command-tracker.mjs',
      runtime: `Node.js ${process.version}`,
    });
    expect(target.notes).toEqual([]);
    const pids = target.pids();
    expect(pids[0]).toBe(target.pid);
    expect(pids.length).toBe(2);
    await target.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is stopped with one that has left its parent and its session', async () => {
    const target = await start((port) => `sh -c "node '${tracker}' --port ${port} daemon; exec sleep 600"`);
    const serving = () => processesWith(String(target.port)).filter((pid) => pid !== target.pid);
    const [daemon] = serving();
    expect(daemon).toBeDefined();
    await target.stop();
    expect(serving()).toEqual([]);
    expect(isAlive(daemon as number)).toBe(false);
  });

  it.each([
    ['is killed', 'SIGKILL'],
    ['leaves without an orderly stop', 'SIGUSR2'],
  ] as const)('ends soon after the lab %s', async (_how, signal) => {
    const port = await freePort();
    const command = `sh -c "node '${tracker}' --port ${port} & wait"`;
    const lab = fork(path.join(fixtures, 'doomed-command-lab.mjs'), [command, String(port)], {
      execArgv: [],
    });
    const [{ pids }] = (await once(lab, 'message')) as [{ pids: number[] }];
    expect(pids.filter(isAlive).length).toBe(2);
    lab.kill(signal);
    for (const endMs = performance.now() + 5000; pids.some(isAlive) && performance.now() < endMs; )
      await new Promise((done) => setTimeout(done, 20));
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is refused where it goes into the background, and nothing of it stays', async () => {
    let port = 0;
    const error = await startError((free) => {
      port = free;
      return `node '${tracker}' --port ${free} daemon`;
    });
    expect(error).toMatchObject({ code: 'TRACKER_NOT_READY', exitCode: 12 });
    expect(error.hint).toContain('foreground');
    expect(processesWith(String(port))).toEqual([]);
  });
});

describe.skipIf(!hasPython)('a command that is not Node (needs python3)', () => {
  it('runs as it is, with its environment and working folder, and without an agent', async () => {
    const target = await start((port) => `python3 ./responder.py ${port}`, {
      cwd: fixtures,
      environment: { GREETING: 'hello there' },
      nodeFlags: ['--perf-basic-prof'],
      liveHeap: { intervalBytes: 131_072 },
    });
    expect(target.record).toMatchObject({
      kind: 'command',
      name: 'responder.py',
      runtime: null,
      version: null,
    });
    expect(target.agent).toBeNull();
    expect(target.notes).toEqual([]);
    const { exit } = await target.stop();
    expect(exit).toMatchObject({ expected: true, signal: 'SIGTERM', lastStderr: 'hello there' });
  });
});

describe('a command that does not serve', () => {
  it('is named with its exit code and last words, at once', async () => {
    const startMs = performance.now();
    const error = await startError(() => `sh -c 'echo "no such swarm file" >&2; exit 3'`);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(error).toMatchObject({ code: 'TRACKER_NOT_READY', exitCode: 12 });
    expect(error.message).toContain('exit code 3');
    expect(error.message).toContain('no such swarm file');
  });

  it('is given up after the timeout, and stopped', async () => {
    let port = 0;
    const error = await startError(
      (free) => {
        port = free;
        return `node '${tracker}' --port ${free} silent`;
      },
      { readyTimeoutMs: 800 },
    );
    expect(error.code).toBe('TRACKER_NOT_READY');
    expect(error.message).toContain('within 800 ms');
    if (isLinux) {
      expect(error.message).toContain(`its UDP ports: ${port}`);
      expect(processesWith(String(port))).toEqual([]);
    }
  });

  it('is given up when the run is interrupted', async () => {
    const controller = new AbortController();
    const promise = start((port) => `node '${tracker}' --port ${port} silent`, { abort: controller.signal });
    setTimeout(() => controller.abort(new Error('interrupted')), 200);
    await expect(promise).rejects.toThrow('interrupted');
  });

  it('is named where there is no such program', async () => {
    const error = await startError(() => '/nonexistent/tracker --port 1');
    expect(error.code).toBe('TRACKER_NOT_READY');
    expect(error.message).toContain('ENOENT');
  });

  it('is refused where its folder is missing', async () => {
    expect(await startError(() => 'node x.js', { cwd: '/nonexistent' })).toMatchObject({
      code: 'BAD_FOLDER',
      exitCode: 2,
    });
  });

  it('is not started where another program holds the address', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'command-target-'));
    folders.push(folder);
    const error = await startError(() => `touch '${folder}/started'`, { url: `udp://127.0.0.1:${port}` });
    holder.close();
    expect(error).toMatchObject({ code: 'ADDRESS_TAKEN', exitCode: 12 });
    expect(error.message).toContain(`udp://127.0.0.1:${port}`);
    expect(existsSync(path.join(folder, 'started'))).toBe(false);
  });
});

describe('a command for an address off this machine', () => {
  const spec = {
    kind: 'command',
    command: 'false',
    cwd: null,
    environment: {},
    url: 'udp://192.0.2.1:6969',
    allowRemote: false,
  } as const;

  it('is refused unless the operator allows it', async () => {
    const abort = new AbortController().signal;
    await expect(openTarget(spec, { cpus: null, liveHeap: false, abort })).rejects.toMatchObject({
      code: 'REMOTE_TARGET',
    });
  });
});
