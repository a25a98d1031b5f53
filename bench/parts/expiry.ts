/** Whether a full tracker stalls while its peers expire: latency at half its greatest rate, and pauses of its event loop. */
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OwnTracker, startOwnTracker } from '../../src/lab/target/own-tracker.ts';
import { type BenchContext, interleave, type Trial } from '../context.ts';
import { toSample } from '../load/load-driver.ts';
import type { LoadSpec } from '../load/load-messages.ts';
import type { PartResult, Sample } from '../results.ts';
import { OURS } from '../servers/subjects.ts';

/** As the threads of the generator have it. */
const PREFERRED_NICE = -15;
const WARMUP_MS = 1_000;
const MOST_ROUNDS = 3;
const SWARM_PEERS = 100;
const WORKERS = 1_000;
/** As replies ask for it; a peer is gone after 9/8 of it, one and a quarter minutes later at most. */
const SHORT_INTERVAL_S = 8;
const LOOP_READING_MS = 250;

export const EXPIRING = 'while peers expire';
const STANDING = 'while none expires';

export async function measureExpiry(context: BenchContext): Promise<PartResult> {
  const { smoke, seconds, load } = context;
  const peers = smoke ? 2_000 : 1_000_000;
  const rounds = Math.min(MOST_ROUNDS, context.rounds);
  const swarms = peers / SWARM_PEERS;
  const calm = await startFilled(['--interval', '1800'], peers, context);
  let brief: OwnTracker | undefined;
  let expiredPeers = 0;
  try {
    const common = { workers: smoke ? 20 : WORKERS, hashes: swarms, hashesPerWorker: Math.min(10, swarms) };
    const timing = { warmupMs: smoke ? 50 : WARMUP_MS, durationMs: seconds * 1e3 };
    const specFor = (tracker: OwnTracker, ratePerSecond: number): LoadSpec => {
      return { port: tracker.port, serverPid: tracker.pid, ...common, ...timing, ratePerSecond };
    };
    context.tell('  finding the greatest rate');
    const greatest = toSample(await load.load(specFor(calm, 0)))['requestsPerSecond'] as number;
    const ratePerSecond = Math.max(1, Math.floor(greatest / 2));
    const short = await startFilled(['--interval', `${smoke ? 1 : SHORT_INTERVAL_S}`], peers, context);
    brief = short;
    // The last that came in is old enough, too.
    if (!smoke) await sleep(((SHORT_INTERVAL_S * 9) / 8) * 1e3);
    const trial = (condition: string, tracker: OwnTracker): Trial => ({
      subject: OURS,
      condition,
      run: () => runWatched(tracker, specFor(tracker, ratePerSecond), context),
    });
    const cells = await interleave(rounds, [trial(EXPIRING, short), trial(STANDING, calm)], context.tell);
    const { counters } = await short.stop();
    expiredPeers = counters?.['peers.expired'] ?? 0;
    return {
      takenAt: new Date().toISOString(),
      rounds,
      seconds,
      smoke,
      cells,
      skipped: [],
      notes: [
        `Rate: ${ratePerSecond} announces a second, half of the ${Math.floor(greatest)} of a closed loop.`,
        `${expiredPeers} of ${peers} peers expired in the tracker with the short interval until its end.`,
      ],
    };
  } finally {
    await calm.stop();
    await brief?.stop();
  }
}

async function startFilled(
  flags: readonly string[],
  peers: number,
  { load, pinning, tell }: BenchContext,
): Promise<OwnTracker> {
  tell(`  filling ${peers} peers (${flags.join(' ')})`);
  const tracker = await startOwnTracker({
    args: ['--host', '127.0.0.1', '--log-level', 'error', ...flags],
    cpus: pinning?.server ?? null,
    liveHeap: null,
  });
  if (pinning !== null) preferProcess(tracker.pid);
  await load.fill({
    port: tracker.port,
    firstPeer: 0,
    peers,
    swarmPeers: SWARM_PEERS,
    blockSwarms: peers / SWARM_PEERS,
  });
  return tracker;
}

/**
 * All threads of the process go before others on their core, as those of the generator do: what is asked is whether expiry
 * stalls the tracker, and not what else wakes up on the machine. Nothing where that is not allowed.
 */
function preferProcess(pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      setPriority(Number(thread), PREFERRED_NICE);
    } catch {
      return;
    }
  }
}

async function runWatched(tracker: OwnTracker, spec: LoadSpec, { load }: BenchContext): Promise<Sample> {
  const readings: { readonly atNs: number; readonly delayNs: number; readonly gcMs: number }[] = [];
  tracker.agent.startSampling(LOOP_READING_MS, ({ eventLoopDelayNsMax: delayNs, gc }) => {
    const gcMs = Object.values(gc).reduce((sum, kind) => sum + kind.ms, 0);
    readings.push({ atNs: Number(process.hrtime.bigint()), delayNs, gcMs });
  });
  const figures = await load.load(spec);
  tracker.agent.stopSampling();
  // A reading tells of the time since the one before: those that reach out of the window have the load's own start in them.
  const firstNs = figures.beganNs + LOOP_READING_MS * 1e6;
  const endNs = figures.beganNs + figures.wallNs;
  const within = readings.filter(({ atNs }) => atNs >= firstNs && atNs <= endNs);
  const loopDelayNsMax = Math.max(0, ...within.map(({ delayNs }) => delayNs));
  const gcMs = within.length === 0 ? 0 : (within.at(-1)?.gcMs ?? 0) - (within[0]?.gcMs ?? 0);
  return { ...toSample(figures), loopDelayMaxUs: loopDelayNsMax / 1e3, gcMs };
}
