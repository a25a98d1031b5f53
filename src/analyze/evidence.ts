/** What a run's folder says, decoded: the one input of the rules and of the report. Nothing in it is judged. */
import type { Operation, PhaseName, ProfileFile, Run, TimelineRow } from '../run.ts';
import type { Milliseconds, Nanoseconds, Share } from '../units.ts';
import type { Profile } from './profile/profile.ts';

/** `service` is timed from the send, `response` from the intended send (open loop only). */
type LatencyClock = 'service' | 'response';

/**
 * One latency distribution, read from HdrHistograms: every value is exact to the histogram's significant digits.
 * `count` is 1 or more.
 */
export interface LatencySummary {
  readonly count: number;
  readonly minNs: Nanoseconds;
  readonly meanNs: Nanoseconds;
  readonly p50Ns: Nanoseconds;
  readonly p95Ns: Nanoseconds;
  readonly p99Ns: Nanoseconds;
  readonly p999Ns: Nanoseconds;
  readonly maxNs: Nanoseconds;
}

/** A profile of the run with the record that run.json keeps of it. */
export interface LoadedProfile {
  readonly record: ProfileFile;
  readonly profile: Profile;
}

/** Latency and CPU samples of the profiled phase by slices of time, all by the machine's monotonic clock. */
export interface SlicedEvidence {
  /** Length of a slice. */
  readonly sliceMs: Milliseconds;
  /** By slice; one in which no request was under way is not in it. */
  readonly latency: ReadonlyMap<number, readonly LatencyBucket[]>;
  /** Samples with their slice as label, and the slices that the profiler was on for; null where no profile has times. */
  readonly profile: {
    readonly record: ProfileFile;
    readonly samples: Profile;
    readonly firstSlice: number;
    readonly lastSlice: number;
  } | null;
  /** What the clock told when the run's clock was 0. */
  readonly monotonicOriginMs: Milliseconds;
}

export interface LatencyBucket {
  readonly latencyNs: Nanoseconds;
  readonly count: number;
}

/** What the findings so far explain, as far as figures besides the profiles have to know. */
interface Explained {
  /** Of the CPU: in the kernel on behalf of what they explain. */
  readonly kernelShare: Share;
  /** Of the bytes that were allocated. */
  readonly allocatedShare: Share;
}

export interface Evidence {
  readonly run: Run;
  /** In order of `atMs`. */
  readonly timeline: readonly TimelineRow[];
  /** Lines of timeline.ndjson that were no valid row and are left out. */
  readonly brokenTimelineLines: number;
  /** Null where no such histogram was recorded or nothing was recorded in it. */
  readonly latency: (
    phase: PhaseName,
    operation: Operation | 'all',
    clock: LatencyClock,
  ) => LatencySummary | null;
  /** Of one of several trackers by its place in the run, all operations on the headline clock; absent: there is one. */
  readonly memberLatency?: (phase: PhaseName, member: number) => LatencySummary | null;
  readonly profiles: readonly LoadedProfile[];
  /** Those of each of several trackers alone, by its place in the run; absent: there is one, or they were not read. */
  readonly memberProfiles?: readonly (readonly LoadedProfile[])[];
  /** What findings of rules before explain already, and is cut out of the profiles; absent: nothing. */
  readonly explained?: Explained;
  /** Absent where the run has none, as older ones. */
  readonly sliced?: SlicedEvidence;
}

/**
 * The CPU profile that rules and summary go by: the runtime's own, and perf's where there is no other. Null where there
 * is neither.
 */
export function cpuProfileOf(evidence: Evidence): LoadedProfile | null {
  return profileOf(evidence, 'cpu') ?? profileOf(evidence, 'perf');
}

/** The run's profile of one kind; null where there is none. */
export function profileOf(evidence: Evidence, kind: ProfileFile['kind']): LoadedProfile | null {
  return evidence.profiles.find((loaded) => loaded.record.kind === kind) ?? null;
}
