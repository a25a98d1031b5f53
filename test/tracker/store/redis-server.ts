/** Real Redis servers for tests: own processes on free ports of loopback, with nothing kept on disk. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const READY = /Ready to accept connections/;
/** Ports of a Redis are chosen first and bound later: somebody else may be faster. */
const ATTEMPTS = 5;

/** Whether tests with Redis can run here; else the reason, for their names. */
export const redisMissing: string | null =
  spawnSync('redis-server', ['--version']).status === 0 ? null : 'redis-server is not installed';

/** Appends why tests are skipped to their name. */
export function withRedis(name: string): string {
  return redisMissing === null ? name : `${name} (${redisMissing})`;
}

/** A Redis server that runs. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Runs a command by redis-cli. @returns what it prints, raw */
  command(...args: string[]): string;
  /** Sends a signal; of SIGKILL it waits for the end. */
  signal(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it takes connections.
 *
 * @param port - 0: a free one
 * @param args - options in the form of redis.conf, such as `--requirepass secret`, or what makes them of the port
 */
export async function startRedis(
  args: readonly string[] | ((port: number) => readonly string[]) = [],
  port = 0,
): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const chosen = port === 0 ? await freePort() : port;
    const folder = mkdtempSync(path.join(os.tmpdir(), 'redis-test-'));
    const child = spawn(
      'redis-server',
      [
        ...[
          '--port',
          String(chosen),
          '--bind',
          '127.0.0.1',
          '--dir',
          folder,
          '--save',
          '',
          '--appendonly',
          'no',
        ],
        ...(typeof args === 'function' ? args(chosen) : args),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    if (await ready(child)) {
      return createHandle(child, chosen, folder);
    }
    rmSync(folder, { recursive: true, force: true });
    if (attempt === ATTEMPTS) {
      throw new Error(`redis-server did not start in ${ATTEMPTS} attempts`);
    }
  }
}

/** A cluster of one node, which holds all slots. */
export async function startRedisCluster(): Promise<RedisServer> {
  const [server] = (await startRedisNodes(1)) as [RedisServer];
  return server;
}

/**
 * A cluster of so many masters, which have the slots in equal parts. It serves what it has where one of them is away.
 *
 * @param nodes - 1 or 3
 */
export async function startRedisNodes(nodes: 1 | 3): Promise<RedisServer[]> {
  const started = await Promise.all(Array.from({ length: nodes }, startNode));
  const servers = started.map(({ server }) => server);
  for (const [index, { server }] of started.entries()) {
    const [from, until] = [index, index + 1].map((part) => Math.ceil((16_384 * part) / nodes)) as [
      number,
      number,
    ];
    server.command('cluster', 'addslotsrange', String(from), String(until - 1));
    server.command('cluster', 'set-config-epoch', String(index + 1));
  }
  const [first, ...others] = servers as [RedisServer, ...RedisServer[]];
  for (const [index, { port }] of others.entries()) {
    first.command('cluster', 'meet', '127.0.0.1', String(port), String(started[index + 1]?.bus));
  }
  const knowsAll = (server: RedisServer): boolean => {
    const info = server.command('cluster', 'info');
    return info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384');
  };
  while (!servers.every(knowsAll)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return servers;
}

async function startNode(): Promise<{ readonly server: RedisServer; readonly bus: number }> {
  const bus = await freePort();
  const server = await startRedis([
    ...['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-announce-ip', '127.0.0.1'],
    ...['--cluster-require-full-coverage', 'no'],
  ]);
  return { server, bus };
}

/** @returns false where it ends before */
async function ready(child: ChildProcess): Promise<boolean> {
  let output = '';
  return new Promise((resolve) => {
    child.stdout?.on('data', (text) => {
      output += text;
      if (READY.test(output)) {
        resolve(true);
      }
    });
    child.once('error', () => resolve(false));
    child.once('exit', () => resolve(false));
  });
}

function createHandle(child: ChildProcess, port: number, folder: string): RedisServer {
  const ended = once(child, 'exit');
  let running = true;
  void ended.then(() => {
    running = false;
  });
  const handle: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid as number,
    command: (...args) => {
      const result = spawnSync('redis-cli', ['-p', String(port), '--raw', ...args], { encoding: 'utf8' });
      if (result.status !== 0) {
        throw new Error(`redis-cli ${args.join(' ')}: ${result.stderr}`);
      }
      return result.stdout.trim();
    },
    signal: async (signal) => {
      child.kill(signal);
      if (signal === 'SIGKILL') {
        await ended;
      }
    },
    stop: async () => {
      if (running) {
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return handle;
}

/** A TCP port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
