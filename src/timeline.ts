/**
 * The rows of `timeline.ndjson`, which `lab` writes while it runs and `analyze` reads. Each is stamped with the run's own
 * clock; counters are cumulative unless said otherwise.
 */

/**
 * The phases of a run, in order. Load runs through all of them; figures are kept apart.
 *
 * - `warm-up`: swarms fill, code is compiled; the live heap is sampled here, from the tracker's start on
 * - `clean`: no profiler is on; the headline figures
 * - `profiled`: CPU and allocation profilers are on
 */
export const phaseNames = ['warm-up', 'clean', 'profiled'] as const;
export type PhaseName = (typeof phaseNames)[number];

/** The kernel's view of the target, from /proc. Counters are cumulative. */
export interface ProcessRow {
  readonly kind: 'process';
  readonly atMs: number;
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly rssBytes: number;
  readonly threads: number;
  readonly voluntaryContextSwitches: number;
  readonly involuntaryContextSwitches: number;
  /** Time spent runnable but waiting for a core, from /proc/PID/schedstat. */
  readonly runQueueDelayMs: number;
  /**
   * CPU time of the threads on which V8 collects garbage and compiles beside a Node.js program's own; null where the
   * target runs none, or they cannot be told from others. Absent from older rows.
   */
  readonly v8HelperCpuMs?: number | null;
  /** Threads by state at that moment: `R` running or runnable, `S` asleep, `D` in uninterruptible sleep; others left out. */
  readonly threadStates: {
    readonly running: number;
    readonly asleep: number;
    readonly uninterruptible: number;
  };
  /** Datagrams dropped at the target's UDP sockets; null where the socket was not found. */
  readonly socketDrops: number | null;
  /** Bytes waiting in the receive queue of those sockets. */
  readonly socketQueueBytes: number | null;
}

/**
 * The target's UDP sockets, read at both ends of each phase and, where its process is not known, all along. Only of a target on
 * this machine whose sockets stand in the lab's own tables. Counters are cumulative.
 */
export interface SocketRow {
  readonly kind: 'socket';
  readonly atMs: number;
  readonly socketDrops: number;
  readonly socketQueueBytes: number;
}

/** One tracker of a target that is several, as {@link ProcessRow}, which is of all together. Counters are cumulative. */
export interface MemberRow {
  readonly kind: 'member';
  readonly atMs: number;
  /** Its place in the run's `members`. */
  readonly member: number;
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly rssBytes: number;
  readonly socketDrops: number | null;
  readonly socketQueueBytes: number | null;
}

/** The target's own view, from the preload: all its threads added up. Counters are cumulative. */
export interface RuntimeRow {
  readonly kind: 'runtime';
  readonly atMs: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly gc: Readonly<Record<GcKind, { readonly count: number; readonly ms: number }>>;
  /** Of the interval since the row before; main thread. */
  readonly eventLoopDelayNsP50: number;
  readonly eventLoopDelayNsP99: number;
  readonly eventLoopDelayNsMax: number;
  /** Of the interval since the row before, 0 to 1; main thread. */
  readonly eventLoopUtilization: number;
}

/** V8's kinds of garbage collection as `perf_hooks` names them. */
export const gcKinds = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcKind = (typeof gcKinds)[number];

/** The load of about one second. Latency percentiles cover the replies of that span, all operations; null: no reply. */
export interface LoadRow {
  readonly kind: 'load';
  /** End of the span. */
  readonly atMs: number;
  readonly spanMs: number;
  readonly phase: PhaseName;
  readonly sent: number;
  readonly succeeded: number;
  readonly timedOut: number;
  readonly errorReplies: number;
  readonly malformedReplies: number;
  readonly sendFailed: number;
  readonly latencyNsP50: number | null;
  readonly latencyNsP95: number | null;
  readonly latencyNsP99: number | null;
  readonly latencyNsMax: number | null;
}

/** The whole machine, from /proc/stat: is anybody else at work? Counters are cumulative, all cores added up. */
export interface MachineRow {
  readonly kind: 'machine';
  readonly atMs: number;
  /**
   * CPU time of programs and of the kernel on their behalf; interrupts and stolen time left out. Its differences count: it begins
   * anywhere.
   */
  readonly busyMs: number;
  /**
   * CPU time of interrupts, the network's softirqs among them. Whether it is in the time of processes too is the kernel's
   * choice (CONFIG_IRQ_TIME_ACCOUNTING).
   */
  readonly interruptMs: number;
  /** Time that the hypervisor gave to others. */
  readonly stolenMs: number;
  /** CPU time of the lab's own process, load threads included, and of load agents on this machine. */
  readonly labMs: number;
}

export type TimelineRow = ProcessRow | MemberRow | SocketRow | RuntimeRow | LoadRow | MachineRow;
