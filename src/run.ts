/**
 * The on-disk form of a run: what `lab` writes and `analyze` reads. Nothing in it is a verdict.
 *
 * A run is a folder `profiles/<run-id>/` of
 *
 * - `run.json` - {@link Run}
 * - `timeline.ndjson` - one {@link TimelineRow} a line, in order of arrival
 * - `*.hdr` - HdrHistograms of latency in nanoseconds, V2 compressed, base64
 * - `*.pb.gz` - pprof profiles
 * - `latency-slices.json` - latency of the profiled phase by slices of time
 *
 * `schemaVersion` grows by one with every change that an older reader would misread.
 */
import { z } from 'zod';
import { phaseNames } from './timeline.ts';

export type {
  GcKind,
  LoadRow,
  MachineRow,
  MemberRow,
  PhaseName,
  ProcessRow,
  RuntimeRow,
  SocketRow,
  TimelineRow,
} from './timeline.ts';
export { gcKinds, phaseNames } from './timeline.ts';

export const RUN_SCHEMA_VERSION = 1;

/** The three request kinds of BEP 15. */
export const operations = ['connect', 'announce', 'scrape'] as const;
export type Operation = (typeof operations)[number];

const count = z.int().nonnegative();
const nonNegative = z.number().nonnegative();
const share = z.number().min(0);

/** Names of scenarios: safe in a file's name and in Markdown. */
export const scenarioNamePattern = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Everything that decides what load is offered; all of it is in the report's Configuration section. */
export const scenarioSchema = z.object({
  /** One of the presets, or the name of a scenario of the operator's own. */
  name: z.string().regex(scenarioNamePattern),
  /** Length of the clean phase. */
  durationMs: z.number().positive(),
  warmupMs: nonNegative,
  /** Length of the profiled phase; 0 where no profile was asked for. */
  profileDurationMs: nonNegative,
  /** Number of workers (clients). In closed loop each has one request in flight. */
  concurrency: z.int().positive(),
  /** Total requests per second in open loop; 0 = closed loop, unlimited. */
  ratePerSecond: nonNegative,
  hashesPerWorker: z.int().positive(),
  /** BEP 15 num_want of each announce; -1 = the tracker's default. */
  numWant: z.int().min(-1),
  timeoutMs: z.number().positive(),
  /** Requests of one client session, by kind; `connect` 0 = only when an id is 60 s old. */
  mix: z.object({ connect: count, announce: z.int().positive(), scrape: count }),
  /** Size of the shared pool of info hashes. */
  swarmHashes: z.int().positive(),
  /** Exponent of the Zipf distribution by which workers choose hashes; 0 = uniform. */
  skew: nonNegative,
  seed: z.int().nonnegative(),
  loadThreads: z.int().positive(),
  /** The file whose info hashes are the pool; null: the pool is made from the seed. */
  infoHashesFile: z.string().nullable().default(null),
});
export type Scenario = z.infer<typeof scenarioSchema>;

/**
 * What became of the requests of one kind. A request is counted in the phase in which it was sent, once:
 * `sent = succeeded + timedOut + errorReplies + malformedReplies + sendFailed + unresolved`.
 */
const operationCountsSchema = z.object({
  sent: count,
  succeeded: count,
  timedOut: count,
  /** BEP 15 action 3 with the request's transaction id. */
  errorReplies: count,
  /** The transaction id matched, the rest did not: too short, another action, a wrong length. */
  malformedReplies: count,
  /** The socket refused the datagram. */
  sendFailed: count,
  /** Still in flight when a run was cut short; 0 in a complete run. */
  unresolved: count,
});
export type OperationCounts = z.infer<typeof operationCountsSchema>;

/** Datagrams that answered no pending request; none of them is a request's outcome. */
const strayRepliesSchema = z.object({
  /** For a request that had already timed out. */
  late: count,
  /** For a request that had already been answered. */
  duplicate: count,
  /** With a transaction id that was never used or is long forgotten. */
  unknown: count,
  /** Under 8 bytes: no transaction id to match. */
  malformed: count,
});
export type StrayReplies = z.infer<typeof strayRepliesSchema>;

/** The generator's own state in one phase, by load thread. */
export const loadThreadSchema = z.object({
  /** CPU time of the thread as a share of one core, 0 to 1; null where the kernel does not tell. */
  cpuShare: share.nullable(),
  /** Delay from the moment a request was due to the moment it was handed to the socket. */
  sendLagNsP50: nonNegative,
  sendLagNsP99: nonNegative,
  sendLagNsMax: nonNegative,
});
export type LoadThread = z.infer<typeof loadThreadSchema>;

/** What the load workers saw in one phase, all threads added up. */
export const phaseLoadSchema = z.object({
  phase: z.enum(phaseNames),
  startMs: nonNegative,
  endMs: nonNegative,
  operations: z.object({
    connect: operationCountsSchema,
    announce: operationCountsSchema,
    scrape: operationCountsSchema,
  }),
  strayReplies: strayRepliesSchema,
  /** Error replies by the tracker's own text (cut to 120 characters, at most 20 texts, the rest under "other"). */
  errorTexts: z.record(z.string(), count),
  /** Peers in all successful announce replies. */
  peersReceived: count,
  /** Sent requests that repeat one that timed out; they are part of `sent`. Closed loop only: open loop repeats none. */
  retries: count.optional(),
  /**
   * Open loop: requests that were due in the phase and never sent, because the generator could not; no part of `sent`. In the
   * `response` histograms each is as long as the time-out. Absent in closed loop and in older runs.
   */
  notSent: count.optional(),
  sentBytes: nonNegative,
  receivedBytes: nonNegative,
  threads: z.array(loadThreadSchema),
  /** Datagrams that the kernel dropped at the generator's sockets (SO_MEMINFO or /proc/net/udp); null: not known. */
  generatorSocketDrops: count.nullable(),
});
export type PhaseLoad = z.infer<typeof phaseLoadSchema>;

/** One `.hdr` file. `service` is timed from the send, `response` from the intended send (open loop only). */
const histogramFileSchema = z.object({
  phase: z.enum(phaseNames),
  operation: z.enum(operations),
  clock: z.enum(['service', 'response']),
  file: z.string(),
});

/**
 * The profiles that a run can have.
 *
 * - `cpu`, `allocations`, `live-heap`: by the target's own runtime
 * - `perf`: CPU time of any process by Linux perf, with native and kernel frames
 * - `heap-growth`: of a Go target what the live heap gained or, below 0, lost over the phase; of a Node.js one what was
 *   allocated over the phase's second half and is alive at its end
 * - `mutex`, `block`, `goroutine`: of a Go target
 */
export const profileKinds = [
  'cpu',
  'allocations',
  'live-heap',
  'heap-growth',
  'perf',
  'mutex',
  'block',
  'goroutine',
] as const;
export type ProfileKind = (typeof profileKinds)[number];

/** One `.pb.gz` file. */
export const profileFileSchema = z.object({
  kind: z.enum(profileKinds),
  file: z.string(),
  /** Which program made it, for example `@datadog/pprof 5.20.0`. */
  source: z.string(),
  phase: z.enum(phaseNames),
  /** How long the profiler was on. */
  durationNs: nonNegative,
  /** Threads whose stacks are in it, `main` first. */
  threads: z.array(z.string()),
  /** Sampling interval and its unit, for example 1000 microseconds or 131072 bytes; null where the source does not tell. */
  interval: z.object({ value: z.number().positive(), unit: z.enum(['microseconds', 'bytes']) }).nullable(),
  /**
   * The same samples by slices of time, as pprof with a numeric label `slice` (see `time-slices.ts`). Slices from `firstSlice` to
   * `lastSlice` lie wholly within the time in which the profiler was on. Absent where the source gives samples no time.
   */
  slices: z
    .object({ file: z.string(), sliceMs: z.number().positive(), firstSlice: count, lastSlice: count })
    .optional(),
});
export type ProfileFile = z.infer<typeof profileFileSchema>;

/** A profile that was asked for and is not there; it is named in the report. */
export const missingProfileSchema = z.object({ kind: profileFileSchema.shape.kind, reason: z.string() });
export type MissingProfile = z.infer<typeof missingProfileSchema>;

/** What was measured. */
export const targetSchema = z.object({
  /**
   * `own`: this package's tracker, started by the lab. `command`: another program, started by the lab. `address`: a
   * tracker that ran already.
   */
  kind: z.enum(['own', 'command', 'address']),
  name: z.string(),
  version: z.string().nullable(),
  /** Language runtime, for example `Node.js v20.20.2`; null where it cannot be had. */
  runtime: z.string().nullable(),
  /** `udp://HOST:PORT`. */
  address: z.string(),
  network: z.enum(['local', 'remote']),
  pid: count.nullable(),
  command: z.array(z.string()).nullable(),
  /** SO_RCVBUF asked for and given (as getsockopt tells, the kernel's doubling included); null: not known. */
  receiveBuffer: z.object({ askedBytes: nonNegative, givenBytes: nonNegative }).nullable(),
  /** Which socket kind it serves with (`dgram`, `batched`); null: not known. */
  socketKind: z.string().nullable(),
  /** Threads that serve, each with a socket of its own; null: not known. */
  workers: z.int().positive().nullable().default(null),
});
export type TargetRecord = z.infer<typeof targetSchema>;

/** One tracker of several over which the load was spread; the rest of the run is of all of them together. */
const memberSchema = z.object({
  record: targetSchema,
  /** What became of its share of the requests. */
  phases: z.array(
    z.object({
      phase: z.enum(phaseNames),
      operations: z.object({
        connect: operationCountsSchema,
        announce: operationCountsSchema,
        scrape: operationCountsSchema,
      }),
      /** HdrHistogram of all its operations, on the run's headline clock; null: nothing was recorded. */
      histogram: z.string().nullable(),
    }),
  ),
  /** Its own profiles, and those that are not there. The run's are of all trackers together. */
  profiles: z.array(profileFileSchema).default([]),
  missingProfiles: z.array(missingProfileSchema).default([]),
});
export type MemberRecord = z.infer<typeof memberSchema>;

/** How the target's process ended. */
export const targetExitSchema = z.object({
  /** The lab asked it to stop. */
  expected: z.boolean(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** A cause that its last output names, for example `out of memory`. */
  cause: z.string().nullable(),
  lastStderr: z.string(),
});
export type TargetExit = z.infer<typeof targetExitSchema>;

/** The tools of clinic. */
export const clinicTools = ['doctor', 'flame', 'heapprofiler', 'bubbleprof'] as const;
export type ClinicTool = (typeof clinicTools)[number];

/**
 * What clinic made of the tracker, in a start of its own after the phases of the run: no figure of a phase is from it.
 * Nothing in it is a verdict of this program.
 */
export const clinicSchema = z.object({
  tool: z.enum(clinicTools),
  version: z.string(),
  /** How long the load was on under it. */
  durationMs: nonNegative,
  /** What the tracker answered under it; null where it got no load. */
  requestsPerSecond: nonNegative.nullable(),
  /** Its page, a file of the folder; null where there is none, and `failure` says why. */
  page: z.string().nullable(),
  /** Of doctor only: its `issueCategory`, and its issues by name in its own words. */
  verdict: z.object({ issueCategory: z.string(), issues: z.record(z.string(), z.string()) }).nullable(),
  failure: z.string().nullable(),
});
export type ClinicRecord = z.infer<typeof clinicSchema>;

/** One load agent of a run. */
const agentRecordSchema = z.object({
  name: z.string(),
  host: z.string(),
  cores: z.int().positive(),
  labVersion: z.string(),
  nodeVersion: z.string(),
  /** It ran on the lab's machine and shared its cores. */
  onLabMachine: z.boolean(),
  /** Load threads of the scenario's that it ran. */
  threads: count,
  /** Share of the scenario's clients that it ran. */
  clientShare: share,
  /** Requests that it sent in the clean phase; null: it did not report. */
  cleanRequests: count.nullable(),
  /** CPU time of its load threads in the clean phase, in shares of one core; null: not known. */
  cleanCpuShare: share.nullable(),
  /** From the instant that was agreed on to its own start, by the clock of Redis; null: it did not start. */
  startSkewUs: z.number().nullable(),
  /** Its wall clock ahead of that of Redis, and half the round trip by which that may be wrong; null: not measured. */
  clockOffsetUs: z.number().nullable(),
  clockUncertaintyUs: nonNegative.nullable(),
  /** Why what it counted is in no figure, and when that was seen; null: all of it is. */
  lost: z.object({ reason: z.string(), atMs: nonNegative }).nullable(),
});
export type AgentRecord = z.infer<typeof agentRecordSchema>;

/** The hosts that made the load, where it was not the lab itself. */
export const agentsSchema = z.object({
  planVersion: z.int(),
  /** Where lab and agents met, without user and password. */
  redis: z.string(),
  members: z.array(agentRecordSchema),
});
export type AgentsRecord = z.infer<typeof agentsSchema>;

export const environmentSchema = z.object({
  tester: z.string(),
  os: z.string(),
  kernel: z.string(),
  arch: z.string(),
  cpuModel: z.string(),
  cpuCount: z.int().positive(),
  memoryBytes: z.number().positive(),
  /** Whether the kernel books interrupts on the processes that they interrupt, too; null: not known. */
  interruptsBookedOnProcesses: z.boolean().nullable().default(null),
  /**
   * Kernel time of one receive and one send of a small datagram over loopback, measured before the load, with a call for
   * each and with calls for many at once; null: not measured.
   */
  udpFloor: z
    .object({
      systemMicrosecondsPerRequest: z.number().positive(),
      batchedSystemMicrosecondsPerRequest: z.number().positive().nullable(),
      requests: count,
    })
    .nullable()
    .default(null),
  /** Frequency governors of the cores, such as `performance`; null: the kernel scales none, or does not tell. */
  cpuGovernor: z.string().nullable().default(null),
  /** CPU list of the target and of the generator, as taskset takes them; null: not pinned. */
  pinning: z.object({ target: z.string(), generator: z.string() }).nullable(),
  labVersion: z.string(),
  labNodeVersion: z.string(),
});
export type Environment = z.infer<typeof environmentSchema>;

/** Where each field of the scenario came from, for `--print-config` and the report. */
export const settingSourceSchema = z.enum(['flag', 'environment', 'config', 'preset', 'derived']);
export type SettingSource = z.infer<typeof settingSourceSchema>;

export const runSchema = z.object({
  schemaVersion: z.literal(RUN_SCHEMA_VERSION),
  runId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/),
  /** The runs of one `--scenario all` share it. */
  suiteId: z.string().nullable(),
  /** ISO 8601, UTC, wall clock. */
  startedAt: z.string(),
  /** The run was cut short: what is there is real, but not all of it. */
  partial: z.object({ reason: z.string() }).nullable(),
  environment: environmentSchema,
  target: targetSchema,
  /** The trackers of a target that is several, in the order in which they were named; none where it is one. */
  members: z.array(memberSchema).default([]),
  scenario: scenarioSchema,
  settingSources: z.record(z.string(), settingSourceSchema),
  phases: z.array(phaseLoadSchema),
  histograms: z.array(histogramFileSchema),
  /** Latency of the profiled phase by slices of time. Absent where there is none, and in older runs. */
  latencySlices: z
    .object({
      /** `{sliceMs, slices: [[slice, [bucket, count, …]], …]}`, see `time-slices.ts`. */
      file: z.string(),
      /** What the machine's monotonic clock told when the run's clock was 0. */
      monotonicOriginMs: z.number(),
    })
    .optional(),
  profiles: z.array(profileFileSchema),
  missingProfiles: z.array(missingProfileSchema),
  /** The tracker's own counters at its stop, by name; null where it does not tell. */
  trackerCounters: z.record(z.string(), z.number()).nullable(),
  targetExit: targetExitSchema.nullable(),
  /** Share of the clients whose load thread died; what they counted is in no figure. */
  lostClientShare: z.number().min(0).max(1).default(0),
  /** Null where the lab itself made the load. */
  agents: agentsSchema.nullable().default(null),
  /** Null where clinic was not asked. */
  clinic: clinicSchema.nullable().default(null),
  /** Things worth telling about the measurement itself, one sentence each. */
  notes: z.array(z.string()),
});
export type Run = z.infer<typeof runSchema>;
