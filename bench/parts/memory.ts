/** Bytes of resident memory that a peer costs: growth of the real process, filled over the wire. */
import type { BenchContext } from '../context.ts';
import { residentBytes } from '../load/cpu-time.ts';
import type { Cell, PartResult, Sample, Skip } from '../results.ts';
import { bittorrentTracker } from '../servers/bittorrent-tracker.ts';
import { opentracker } from '../servers/opentracker.ts';
import { type Candidate, isSkip, type Subject } from '../servers/server.ts';
import { OURS, ownSubject } from '../servers/subjects.ts';

const SWARM_PEERS = [10, 100];

export function memoryCondition(peers: number, swarmPeers: number): string {
  return `${peers} peers in swarms of ${swarmPeers}`;
}

/** One round: filling takes long, and the figure hardly varies. */
export async function measureMemory(context: BenchContext): Promise<PartResult> {
  const steps = context.smoke ? [500, 2_000] : [100_000, 1_000_000];
  const candidates: Candidate[] = [
    ownSubject(OURS, ['--socket', 'batched'], context),
    opentracker(context),
    bittorrentTracker(context),
  ];
  const skipped: Skip[] = [];
  const cells: Cell[] = [];
  for (const candidate of candidates) {
    if (isSkip(candidate)) {
      skipped.push(candidate);
      continue;
    }
    for (const swarmPeers of SWARM_PEERS) {
      context.tell(`  ${candidate.name}, swarms of ${swarmPeers}`);
      try {
        cells.push(...(await fillInSteps(candidate, swarmPeers, steps, context)));
      } catch (error) {
        skipped.push({
          subject: candidate.name,
          reason: `swarms of ${swarmPeers}: ${(error as Error).message}`,
        });
      }
    }
  }
  return {
    takenAt: new Date().toISOString(),
    rounds: 1,
    seconds: 0,
    smoke: context.smoke,
    cells,
    skipped,
    notes: [],
  };
}

async function fillInSteps(
  subject: Subject,
  swarmPeers: number,
  steps: readonly number[],
  { load }: BenchContext,
): Promise<Cell[]> {
  const most = steps.at(-1) as number;
  const blockSwarms = (steps[0] as number) / swarmPeers;
  const server = await subject.start(most / swarmPeers);
  try {
    const emptyBytes = residentBytes(server.pid);
    const cells: Cell[] = [];
    let firstPeer = 0;
    for (const peers of steps) {
      const startMs = performance.now();
      await load.fill({ port: server.port, firstPeer, peers: peers - firstPeer, swarmPeers, blockSwarms });
      const fillMs = performance.now() - startMs;
      firstPeer = peers;
      const bytes = residentBytes(server.pid);
      const growthBytes = bytes === null || emptyBytes === null ? null : bytes - emptyBytes;
      const sample: Sample = {
        growthBytes,
        bytesPerPeer: growthBytes === null ? null : growthBytes / peers,
        emptyBytes,
        fillMs,
      };
      cells.push({ subject: subject.name, condition: memoryCondition(peers, swarmPeers), samples: [sample] });
    }
    return cells;
  } finally {
    await server.stop();
  }
}
