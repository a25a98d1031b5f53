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

/** A round takes about a minute, most of it one tracker's; the figures hardly vary. */
const MOST_ROUNDS = 3;

export async function measureMemory(context: BenchContext): Promise<PartResult> {
  const rounds = Math.min(MOST_ROUNDS, context.rounds);
  const candidates: Candidate[] = [
    ownSubject(OURS, ['--socket', 'batched'], context),
    opentracker(context),
    bittorrentTracker(context),
  ];
  const subjects = candidates.filter((candidate): candidate is Subject => !isSkip(candidate));
  const skipped: Skip[] = candidates.filter(isSkip);
  const cells = new Map<string, Cell>();
  for (let round = 0; round < rounds; round++) {
    context.tell(`  round ${round + 1} of ${rounds}`);
    for (const subject of subjects) {
      for (const swarmPeers of SWARM_PEERS) {
        if (hasFailed(skipped, subject, swarmPeers)) continue;
        context.tell(`  ${subject.name}, swarms of ${swarmPeers}`);
        try {
          const samples = await fillInSteps(subject, swarmPeers, context);
          for (const [condition, sample] of samples) keep(cells, subject.name, condition, sample);
        } catch (error) {
          const reason = `${swarmsText(swarmPeers)} (round ${round + 1}): ${(error as Error).message}`;
          skipped.push({ subject: subject.name, reason });
        }
      }
    }
  }
  return {
    takenAt: new Date().toISOString(),
    rounds,
    seconds: 0,
    smoke: context.smoke,
    cells: [...cells.values()],
    skipped,
    notes: [],
  };
}

function swarmsText(swarmPeers: number): string {
  return `swarms of ${swarmPeers}`;
}

/** What failed once is not filled again: the time is better spent on the others. */
function hasFailed(skipped: readonly Skip[], { name }: Subject, swarmPeers: number): boolean {
  return skipped.some(
    ({ subject, reason }) => subject === name && reason.startsWith(`${swarmsText(swarmPeers)} `),
  );
}

function keep(cells: Map<string, Cell>, subject: string, condition: string, sample: Sample): void {
  const key = `${subject}\n${condition}`;
  const cell = cells.get(key) ?? { subject, condition, samples: [] };
  cells.set(key, cell);
  cell.samples.push(sample);
}

/** One server, filled further and further. @returns a sample for each condition */
async function fillInSteps(
  subject: Subject,
  swarmPeers: number,
  { load, smoke }: BenchContext,
): Promise<[condition: string, sample: Sample][]> {
  const steps = smoke ? [500, 2_000] : [100_000, 1_000_000];
  const most = steps.at(-1) as number;
  const blockSwarms = (steps[0] as number) / swarmPeers;
  const server = await subject.start(most / swarmPeers);
  try {
    const emptyBytes = residentBytes(server.pid);
    const samples: [string, Sample][] = [];
    let firstPeer = 0;
    for (const peers of steps) {
      const startMs = performance.now();
      await load.fill({ port: server.port, firstPeer, peers: peers - firstPeer, swarmPeers, blockSwarms });
      const fillMs = performance.now() - startMs;
      firstPeer = peers;
      const bytes = residentBytes(server.pid);
      const growthBytes = bytes === null || emptyBytes === null ? null : bytes - emptyBytes;
      const sample = {
        growthBytes,
        bytesPerPeer: growthBytes === null ? null : growthBytes / peers,
        emptyBytes,
        fillMs,
      };
      samples.push([memoryCondition(peers, swarmPeers), sample]);
    }
    return samples;
  } finally {
    await server.stop();
  }
}
