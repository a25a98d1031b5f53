/** What the load pool and its threads tell each other. Plain data. */
import type { PhaseName, Scenario } from '../../run.ts';
import type { Nanoseconds } from '../../units.ts';
import type { AddressFamily } from '../../wire/udp-socket.ts';
import type { IntervalReport } from './interval-tally.ts';
import type { SliceCounts } from './latency-slices.ts';
import type { EncodedHistogram, TallyCopy, TallyReport } from './phase-tally.ts';

/** `workerData` of a load thread. */
export interface ThreadSetup {
  readonly scenario: Scenario;
  /** The pool of info hashes, 40 hexadecimal digits each; null: it is made from the scenario's seed. */
  readonly infoHashes: readonly string[] | null;
  /** 0 to `scenario.loadThreads - 1`; the thread runs every client whose number is `thread` modulo the threads. */
  readonly thread: number;
  /** See `EngineOptions.sliceShiftNs`. */
  readonly sliceShiftNs: Nanoseconds;
  /** The load threads have cores that the target does not use. */
  readonly ownCores: boolean;
  readonly target: ThreadTarget;
  /** Further trackers of the same address family; each client speaks to one of them all. Absent: none. */
  readonly otherTargets?: readonly ThreadTarget[];
}

export interface ThreadTarget {
  readonly address: string;
  readonly family: AddressFamily;
  readonly port: number;
}

export type ToThread =
  /** `atNs` is the pool's monotonic time; the first phase starts the load. */
  | { readonly type: 'phase'; readonly phase: PhaseName; readonly atNs: Nanoseconds }
  | { readonly type: 'snapshot'; readonly number: number }
  /** Tell what was counted in the phases that are over. */
  | { readonly type: 'tell-phases' }
  /** Send nothing more, wait for what is in flight, then report. */
  | { readonly type: 'stop' }
  /** Report at once. */
  | { readonly type: 'abort' };

export interface ThreadPhase {
  readonly phase: PhaseName;
  readonly tally: TallyReport;
  readonly cpuShare: number | null;
  /** Datagrams dropped at the thread's sockets during the phase; null: not known. */
  readonly socketDrops: number | null;
}

/** A phase that is over, while the load goes on. */
export interface PhaseSoFar extends Omit<ThreadPhase, 'tally'> {
  readonly tally: TallyCopy;
}

/** What the thread's clients of one of several trackers saw in a phase. */
export interface ThreadMember {
  readonly member: number;
  readonly phase: PhaseName;
  readonly tally: TallyReport;
  readonly histograms: readonly EncodedHistogram[];
}

/** Everything that a thread has to say at its end. */
export interface ThreadReport {
  readonly phases: readonly ThreadPhase[];
  readonly histograms: readonly EncodedHistogram[];
  /** Of the profiled phase; none where it was not reached. */
  readonly latencySlices: readonly SliceCounts[];
  /** Of each of several trackers; none, or absent, where there is one. */
  readonly members?: readonly ThreadMember[];
}

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'snapshot'; readonly number: number; readonly interval: IntervalReport }
  | { readonly type: 'phases'; readonly phases: readonly PhaseSoFar[] }
  | { readonly type: 'finished'; readonly report: ThreadReport }
  /** The thread could not start, by the operator's or the system's fault. */
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };
