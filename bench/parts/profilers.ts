/** What each profiler costs the tracker: CPU per request with it on, against the same process with all of them off. */
import path from 'node:path';
import {
  DEFAULT_CPU_INTERVAL_MICROS,
  DEFAULT_HEAP_INTERVAL_BYTES,
  type ProfileRequest,
} from '../../src/lab/capture/agent-protocol.ts';
import { type PerfRecording, startPerfRecording } from '../../src/lab/capture/perf/perf-recording.ts';
import { chooseStackWalk } from '../../src/lab/capture/perf/stack-walk.ts';
import { type OwnTracker, startOwnTracker } from '../../src/lab/target/own-tracker.ts';
import { type BenchContext, interleave, type Trial } from '../context.ts';
import { toSample } from '../load/load-driver.ts';
import type { PartResult, Sample, Skip } from '../results.ts';
import { OURS } from '../servers/subjects.ts';
import { standing } from './trackers.ts';

const WARMUP_MS = 700;
const MOST_ROUNDS = 4;
const WORKERS = 100;
const HASHES_PER_WORKER = 50;

export const OFF = 'off';
export const DEFAULTS = 'CPU and allocations at their defaults';

interface Wish {
  readonly condition: string;
  /** null: none; `perf`: Linux perf. */
  readonly request: ProfileRequest | 'perf' | null;
}

function cpu(intervalMicros: number): Wish {
  return { condition: `CPU every ${intervalMicros} µs`, request: { cpu: { intervalMicros } } };
}

function allocations(kibibytes: number): Wish {
  return {
    condition: `allocations every ${kibibytes} KiB`,
    request: { allocations: { intervalBytes: kibibytes * 1024 } },
  };
}

/** Off stands between them: what changes slowly meets it as often as them. */
const wishes: readonly Wish[] = [
  { condition: OFF, request: null },
  cpu(10_000),
  cpu(DEFAULT_CPU_INTERVAL_MICROS),
  cpu(1_000),
  cpu(250),
  { condition: OFF, request: null },
  allocations(512),
  allocations(128),
  allocations(32),
  { condition: OFF, request: null },
  {
    condition: `live heap every ${DEFAULT_HEAP_INTERVAL_BYTES / 1024} KiB`,
    request: { liveHeap: { intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES } },
  },
  {
    condition: DEFAULTS,
    request: {
      cpu: { intervalMicros: DEFAULT_CPU_INTERVAL_MICROS },
      allocations: { intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES },
    },
  },
  { condition: 'perf, 999 Hz', request: 'perf' },
];

/** One of each kind. */
function smokeWishes(): Wish[] {
  return [OFF, DEFAULTS, 'perf, 999 Hz'].flatMap(
    (name) => wishes.find(({ condition }) => condition === name) ?? [],
  );
}

export async function measureProfilers(context: BenchContext): Promise<PartResult> {
  const { smoke, seconds, load, pinning, tell } = context;
  const rounds = Math.min(MOST_ROUNDS, context.rounds);
  const swarms = smoke ? 50 : standing.swarms;
  const tracker = await startOwnTracker({
    args: ['--host', '127.0.0.1', '--log-level', 'error'],
    cpus: pinning?.server ?? null,
    liveHeap: null,
  });
  const failures = new Map<string, string>();
  try {
    const swarmPeers = smoke ? 5 : standing.swarmPeers;
    await load.fill({
      port: tracker.port,
      firstPeer: 0,
      peers: swarms * swarmPeers,
      swarmPeers,
      blockSwarms: swarms,
    });
    const trials = (smoke ? smokeWishes() : wishes).map(
      ({ condition, request }): Trial => ({
        subject: OURS,
        condition,
        run: async () => {
          const profiled = await startProfiling(request, tracker, context);
          if (profiled.failure !== null) failures.set(condition, profiled.failure);
          const figures = await load.load({
            port: tracker.port,
            serverPid: tracker.pid,
            workers: smoke ? 20 : WORKERS,
            hashes: swarms,
            hashesPerWorker: HASHES_PER_WORKER,
            ratePerSecond: 0,
            warmupMs: smoke ? 50 : WARMUP_MS,
            durationMs: seconds * 1e3,
          });
          await profiled.stop();
          return toSample(figures);
        },
      }),
    );
    const cells = await interleave(rounds, trials, tell);
    const skipped = [...failures].map(([subject, reason]): Skip => ({ subject, reason }));
    return {
      takenAt: new Date().toISOString(),
      rounds,
      seconds,
      smoke,
      // A profiler that did not start has cost nothing, and says nothing.
      cells: cells.filter(({ condition }) => !failures.has(condition)),
      skipped,
      notes: [],
    };
  } finally {
    await tracker.stop();
  }
}

interface Profiling {
  readonly failure: string | null;
  stop(): Promise<unknown>;
}

async function startProfiling(
  request: Wish['request'],
  tracker: OwnTracker,
  { scratch, seconds }: BenchContext,
): Promise<Profiling> {
  if (request === null) return { failure: null, stop: async () => {} };
  if (request === 'perf') {
    const started = await startPerf(tracker.pid, scratch, seconds);
    if (started instanceof Error) return { failure: started.message, stop: async () => {} };
    return { failure: null, stop: () => started.stop() };
  }
  const missing = await tracker.agent.startProfiles(request);
  return {
    failure: missing.length === 0 ? null : missing.map(({ reason }) => reason).join('; '),
    stop: () => tracker.agent.stopProfiles({ directory: scratch, phase: 'profiled' }),
  };
}

async function startPerf(pid: number, scratch: string, seconds: number): Promise<PerfRecording | Error> {
  const started = await startPerfRecording({
    command: 'perf',
    pids: [pid],
    file: path.join(scratch, 'perf.data'),
    walk: await chooseStackWalk([pid]),
    durationMs: (seconds + 5) * 1e3,
  });
  if ('stop' in started) return started;
  return new Error(
    started.spawnError === 'ENOENT' ? 'perf is not installed' : started.stderr.trim().slice(0, 200),
  );
}

/** Cost of a condition against off, as a share; null where one of them was not measured. */
export function profilerCost(offUs: number | null, onUs: number | null): Sample[string] {
  return offUs === null || onUs === null ? null : onUs / offUs - 1;
}
