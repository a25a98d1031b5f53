/** What an announce costs each tracker, and how many it answers in a second. */
import { type BenchContext, interleave, type Trial } from '../context.ts';
import { toSample } from '../load/load-driver.ts';
import type { PartResult, Skip } from '../results.ts';
import { isSkip, type Server, type Subject } from '../servers/server.ts';
import { allSubjects } from '../servers/subjects.ts';

const WARMUP_MS = 700;
/** Clients' memberships, on top of the peers that are there: five in a hundred of them. */
const MEMBERSHIPS = 5_000;

/** Swarms that every tracker holds before it is measured. */
export const standing = { swarms: 1_000, swarmPeers: 100 };

export function workersCondition(workers: number): string {
  return `${workers} workers`;
}

export async function measureTrackers(context: BenchContext): Promise<PartResult> {
  const workerCounts = context.smoke ? [20] : [100, 1_000];
  const swarms = context.smoke ? 50 : standing.swarms;
  const skipped: Skip[] = [];
  const started: { readonly subject: Subject; readonly server: Server }[] = [];
  try {
    for (const candidate of allSubjects(context)) {
      if (isSkip(candidate)) {
        skipped.push(candidate);
        continue;
      }
      try {
        started.push({ subject: candidate, server: await startFilled(candidate, swarms, context) });
      } catch (error) {
        skipped.push({
          subject: candidate.name,
          reason: `it could not be measured: ${(error as Error).message}`,
        });
      }
    }
    const trials = workerCounts.flatMap((workers) =>
      started.map(
        ({ subject, server }): Trial => ({
          subject: subject.name,
          condition: workersCondition(workers),
          run: async () =>
            toSample(
              await context.load.load({
                port: server.port,
                serverPid: server.pid,
                workers,
                hashes: swarms,
                hashesPerWorker: Math.max(1, Math.min(swarms, Math.floor(MEMBERSHIPS / workers))),
                ratePerSecond: 0,
                warmupMs: context.smoke ? 50 : WARMUP_MS,
                durationMs: context.seconds * 1e3,
              }),
            ),
        }),
      ),
    );
    return {
      takenAt: new Date().toISOString(),
      rounds: context.rounds,
      seconds: context.seconds,
      smoke: context.smoke,
      cells: await interleave(context.rounds, trials, context.tell),
      skipped,
      notes: started.map(({ subject }) => `${subject.name}: ${subject.version ?? 'version not told'}`),
    };
  } finally {
    for (const { server } of started) await server.stop();
  }
}

/** Every server stays for all rounds; while another is measured it has nothing to do. */
async function startFilled(
  subject: Subject,
  swarms: number,
  { load, tell, smoke }: BenchContext,
): Promise<Server> {
  tell(`  starting ${subject.name}`);
  const server = await subject.start(swarms);
  const swarmPeers = smoke ? 5 : standing.swarmPeers;
  try {
    await load.fill({
      port: server.port,
      firstPeer: 0,
      peers: swarms * swarmPeers,
      swarmPeers,
      blockSwarms: swarms,
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
