/** How the cost of an announce grows with the clients at once, and with the peers that the tracker holds. */
import { type BenchContext, interleave, type Trial } from '../context.ts';
import { toSample } from '../load/load-driver.ts';
import type { PartResult } from '../results.ts';
import { startOwnServer } from '../servers/own-tracker.ts';
import type { Server } from '../servers/server.ts';
import { OURS } from '../servers/subjects.ts';
import { standing, workersCondition } from './trackers.ts';

const WARMUP_MS = 700;
/** Clients where the peers grow. */
const WORKERS = 100;
const MOST_ROUNDS = 3;
const SWARM_PEERS = 100;

const growthWorkers: readonly number[] = [10, 100, 1_000, 10_000];
const growthPeers: readonly number[] = [1_000, 10_000, 100_000, 1_000_000];

function peersCondition(peers: number): string {
  return `${peers} peers`;
}

interface Setting {
  readonly condition: string;
  readonly workers: number;
  readonly swarms: number;
  readonly hashesPerWorker: number;
}

export async function measureGrowth(context: BenchContext): Promise<PartResult> {
  const rounds = Math.min(MOST_ROUNDS, context.rounds);
  const settings = plan(context.smoke);
  const servers = new Map<number, Server>();
  try {
    for (const { swarms } of settings) {
      if (!servers.has(swarms)) servers.set(swarms, await startFilled(swarms, context));
    }
    const trials = settings.map(({ condition, workers, swarms, hashesPerWorker }): Trial => {
      const { port, pid } = servers.get(swarms) as Server;
      const spec = { port, serverPid: pid, workers, hashes: swarms, hashesPerWorker, ratePerSecond: 0 };
      return {
        subject: OURS,
        condition,
        run: async () =>
          toSample(
            await context.load.load({
              ...spec,
              warmupMs: context.smoke ? 50 : WARMUP_MS,
              durationMs: context.seconds * 1e3,
            }),
          ),
      };
    });
    return {
      takenAt: new Date().toISOString(),
      rounds,
      seconds: context.seconds,
      smoke: context.smoke,
      cells: await interleave(rounds, trials, context.tell),
      skipped: [],
      notes: [],
    };
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

/**
 * Where the clients grow they share the same 5,000 memberships at least; where the peers grow the clients go through
 * every swarm, so that the processor's caches help no more than they can.
 */
function plan(smoke: boolean): Setting[] {
  const byWorkers = (smoke ? [2, 20] : growthWorkers).map((workers): Setting => {
    const swarms = smoke ? 10 : standing.swarms;
    const hashesPerWorker = Math.max(1, Math.min(swarms, Math.floor((5 * swarms) / workers)));
    return { condition: workersCondition(workers), workers, swarms, hashesPerWorker };
  });
  const byPeers = (smoke ? [1_000, 2_000] : growthPeers).map((peers): Setting => {
    const swarms = peers / SWARM_PEERS;
    const hashesPerWorker = Math.ceil(swarms / 20);
    return { condition: peersCondition(peers), workers: WORKERS, swarms, hashesPerWorker };
  });
  return [...byWorkers, ...byPeers];
}

async function startFilled(swarms: number, { load, pinning, tell }: BenchContext): Promise<Server> {
  tell(`  filling ${swarms * SWARM_PEERS} peers`);
  const server = await startOwnServer({ flags: ['--socket', 'batched'], cpus: pinning?.server ?? null });
  await load.fill({
    port: server.port,
    firstPeer: 0,
    peers: swarms * SWARM_PEERS,
    swarmPeers: SWARM_PEERS,
    blockSwarms: swarms,
  });
  return server;
}
