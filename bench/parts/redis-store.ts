/** What an announce costs with swarms in Redis, beside swarms in memory: CPU of tracker and of Redis, and latency. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchContext, interleave, type Trial } from '../context.ts';
import { processCpuNs } from '../load/cpu-time.ts';
import { toSample } from '../load/load-driver.ts';
import type { PartResult, Sample } from '../results.ts';
import { endChild, startChild } from '../servers/child.ts';
import { type OwnServer, startOwnServer } from '../servers/own-tracker.ts';

const IN_MEMORY = 'swarms in memory';
const WARMUP_MS = 700;
const START_MS = 5_000;
const SWARMS = 1_000;
const SWARM_PEERS = 100;
/** Well below what either carries: latency without a queue. */
const RATE_PER_SECOND = 4_000;

interface Redis {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function measureRedisStore(context: BenchContext): Promise<PartResult> {
  const base = { takenAt: new Date().toISOString(), rounds: context.rounds, seconds: context.seconds };
  const empty = { ...base, smoke: context.smoke, cells: [], notes: [] };
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    return { ...empty, skipped: [{ subject: 'redis-store', reason: 'redis-server is not installed' }] };
  }
  const swarms = context.smoke ? 50 : SWARMS;
  const servers: { readonly subject: string; readonly server: OwnServer; readonly redis: Redis | null }[] =
    [];
  const redises: Redis[] = [];
  try {
    for (const outage of [null, 'refuse', 'serve-cache']) {
      const redis = outage === null ? null : await startRedis(context);
      if (redis !== null) redises.push(redis);
      const flags =
        redis === null ? [] : ['--store', `redis://127.0.0.1:${redis.port}`, '--store-outage', `${outage}`];
      const server = await startOwnServer({ flags, cpus: context.pinning?.server ?? null });
      servers.push({ subject: outage === null ? IN_MEMORY : `swarms in Redis, ${outage}`, server, redis });
      const swarmPeers = context.smoke ? 5 : SWARM_PEERS;
      const peers = swarms * swarmPeers;
      await context.load.fill({ port: server.port, firstPeer: 0, peers, swarmPeers, blockSwarms: swarms });
    }
    const loads = [
      {
        condition: `${RATE_PER_SECOND} announces/s`,
        workers: context.smoke ? 20 : 500,
        ratePerSecond: RATE_PER_SECOND,
      },
      { condition: '100 workers', workers: context.smoke ? 20 : 100, ratePerSecond: 0 },
    ];
    const trials = loads.flatMap(({ condition, workers, ratePerSecond }) =>
      servers.map(
        ({ subject, server, redis }): Trial => ({
          subject,
          condition,
          run: () =>
            withRedisCost(redis, async () =>
              toSample(
                await context.load.load({
                  port: server.port,
                  serverPid: server.pid,
                  workers,
                  hashes: swarms,
                  hashesPerWorker: 10,
                  ratePerSecond: context.smoke ? ratePerSecond / 10 : ratePerSecond,
                  warmupMs: context.smoke ? 50 : WARMUP_MS,
                  durationMs: context.seconds * 1e3,
                }),
              ),
            ),
        }),
      ),
    );
    return {
      ...empty,
      cells: await interleave(context.rounds, trials, context.tell),
      skipped: [],
      notes: [
        `${SWARMS.toLocaleString('en')} swarms of ${SWARM_PEERS} peers, 50 peers wanted; one Redis for each tracker, without persistence.`,
        context.pinning === null
          ? 'Nothing was pinned.'
          : `The tracker has core ${context.pinning.server}; Redis shares core ${context.pinning.generator} with the generator.`,
      ],
    };
  } finally {
    for (const { server } of servers) await server.stop();
    for (const redis of redises) await redis.stop();
  }
}

/** Redis' CPU time for each script that it ran meanwhile, warm-up included. */
async function withRedisCost(redis: Redis | null, run: () => Promise<Sample>): Promise<Sample> {
  if (redis === null) return { ...(await run()), storeCpuUs: 0 };
  const [callsBefore, cpuBefore] = [scriptCalls(redis), processCpuNs(redis.pid)];
  const sample = await run();
  const [calls, cpu] = [scriptCalls(redis) - callsBefore, processCpuNs(redis.pid)];
  const known = cpu !== null && cpuBefore !== null && calls > 0;
  return { ...sample, storeCpuUs: known ? (cpu - cpuBefore) / calls / 1e3 : null };
}

function scriptCalls({ port }: Redis): number {
  const { stdout } = spawnSync('redis-cli', ['-p', String(port), 'info', 'commandstats'], {
    encoding: 'utf8',
  });
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stdout)?.[1] ?? 0);
}

async function startRedis({ pinning, scratch }: BenchContext): Promise<Redis> {
  const port = await freePort();
  const child = startChild({
    file: 'redis-server',
    args: [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      scratch,
    ],
    cpus: pinning?.generator ?? null,
  });
  const endMs = performance.now() + START_MS;
  while (
    spawnSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' }).stdout.trim() !== 'PONG'
  ) {
    if (performance.now() > endMs) throw new Error(`redis-server does not serve port ${port}`);
    await sleep(50);
  }
  return { port, pid: child.pid as number, stop: () => endChild(child) };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
