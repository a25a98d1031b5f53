/**
 * Every limit that a figure is held against, in one place, each with where it comes from. `template` is the benchmark
 * results template, named by its section; `lab` is this project's own choice, with the reason.
 *
 * Sizes in the template's "MB" are 10^6 bytes.
 */
import type { Bytes, Nanoseconds, Share } from '../units.ts';

const MS: Nanoseconds = 1e6;
const MB: Bytes = 1e6;

export const tierNames = ['Excellent', 'Good', 'Acceptable', 'Poor', 'Concern', 'Critical'] as const;
export type TierName = (typeof tierNames)[number];

/** One condition on one named figure. `above` and `below` are strict, `atLeast` and `atMost` are not. */
export interface Condition {
  readonly figure: string;
  readonly is: 'above' | 'below' | 'atLeast' | 'atMost';
  readonly limit: number;
}

export interface Tier {
  readonly name: TierName;
  /** All must hold. */
  readonly conditions: readonly Condition[];
}

/** Tiers of one kind of figure. */
export interface TierTable {
  /** From the best to the worst; the worst needs no conditions, see `status.ts`. */
  readonly tiers: readonly Tier[];
  /** Wins over every tier where its conditions hold; null where the template has none. */
  readonly critical: Tier | null;
  /** Given where no tier's conditions hold. */
  readonly worst: TierName;
  /** Names the table in a reason. */
  readonly label: string;
  readonly source: string;
}

/** Figures: `requestsPerSecond`; `successShare` and `errorShare` of all requests, 0 to 1. */
export const requestTiers: TierTable = {
  label: 'request',
  source: 'template: Request Statistics, Status Guide',
  worst: 'Poor',
  tiers: [
    {
      name: 'Good',
      conditions: [
        { figure: 'requestsPerSecond', is: 'above', limit: 10_000 },
        { figure: 'successShare', is: 'above', limit: 0.999 },
        { figure: 'errorShare', is: 'below', limit: 0.001 },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'requestsPerSecond', is: 'atLeast', limit: 5_000 },
        { figure: 'successShare', is: 'above', limit: 0.99 },
        { figure: 'errorShare', is: 'below', limit: 0.01 },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'errorShare', is: 'above', limit: 0.05 }] },
};

/**
 * Of an open loop, whose rate is the operator's own choice: judged is whether it was served. Figures: `servedShare`, replies
 * over what was offered; the shares as above.
 */
export const openLoopTiers: TierTable = {
  label: 'open-loop request',
  source: 'lab: the success rates of the template, held against the offered rate in place of its RPS',
  worst: 'Poor',
  tiers: [
    {
      name: 'Good',
      conditions: [
        { figure: 'servedShare', is: 'above', limit: 0.999 },
        { figure: 'successShare', is: 'above', limit: 0.999 },
        { figure: 'errorShare', is: 'below', limit: 0.001 },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'servedShare', is: 'above', limit: 0.99 },
        { figure: 'successShare', is: 'above', limit: 0.99 },
        { figure: 'errorShare', is: 'below', limit: 0.01 },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'errorShare', is: 'above', limit: 0.05 }] },
};

/** Figures: `p95Ns`, `p99Ns`. */
export const localLatencyTiers: TierTable = {
  label: 'local latency',
  source: 'template: Latency Status Guide (Local Network)',
  worst: 'Poor',
  tiers: [
    {
      name: 'Excellent',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 1 * MS },
        { figure: 'p99Ns', is: 'below', limit: 5 * MS },
      ],
    },
    {
      name: 'Good',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 5 * MS },
        { figure: 'p99Ns', is: 'below', limit: 10 * MS },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 10 * MS },
        { figure: 'p99Ns', is: 'below', limit: 50 * MS },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'p95Ns', is: 'above', limit: 100 * MS }] },
};

/** Figures: `p95Ns`, `p99Ns`. The template names no critical tier for a remote tracker. */
export const remoteLatencyTiers: TierTable = {
  label: 'remote latency',
  source: 'template: Latency Status Guide (Remote/Internet)',
  worst: 'Poor',
  tiers: [
    {
      name: 'Excellent',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 10 * MS },
        { figure: 'p99Ns', is: 'below', limit: 50 * MS },
      ],
    },
    {
      name: 'Good',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 50 * MS },
        { figure: 'p99Ns', is: 'below', limit: 100 * MS },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'p95Ns', is: 'below', limit: 100 * MS },
        { figure: 'p99Ns', is: 'below', limit: 200 * MS },
      ],
    },
  ],
  critical: null,
};

/** Growth past which memory is a concern. Source: template: Memory Status Guide. */
export const MEMORY_CONCERN_BYTES: Bytes = 500 * MB;

/** Figures: `growthBytes`; `continuousGrowth` is 1 where the growth goes on (see `memory-series.ts`), else 0. */
export const memoryTiers: TierTable = {
  label: 'memory growth',
  source: 'template: Memory Status Guide',
  worst: 'Concern',
  tiers: [
    {
      name: 'Good',
      conditions: [
        { figure: 'growthBytes', is: 'below', limit: 100 * MB },
        { figure: 'continuousGrowth', is: 'below', limit: 1 },
      ],
    },
    {
      name: 'Acceptable',
      conditions: [
        { figure: 'growthBytes', is: 'atMost', limit: MEMORY_CONCERN_BYTES },
        { figure: 'continuousGrowth', is: 'below', limit: 1 },
      ],
    },
  ],
  critical: { name: 'Critical', conditions: [{ figure: 'growthBytes', is: 'above', limit: 1000 * MB }] },
};

/** Mean latency that the template expects of an operation. Source: template: Request Breakdown, Expected Range. */
export const expectedOperationLatencyNs = {
  connect: { leastNs: 0.1 * MS, mostNs: 2 * MS },
  announce: { leastNs: 0.5 * MS, mostNs: 5 * MS },
  scrape: { leastNs: 0.2 * MS, mostNs: 3 * MS },
} as const;

/** The rows of the scenario table. Source: template: Comparative Results, Load Test Scenarios. */
export const scenarioRows = [
  { name: 'light', title: 'Light Load', concurrency: 10, durationMs: 30_000 },
  { name: 'medium', title: 'Medium Load', concurrency: 100, durationMs: 30_000 },
  { name: 'heavy', title: 'Heavy Load', concurrency: 1_000, durationMs: 30_000 },
  { name: 'stress', title: 'Stress Test', concurrency: 10_000, durationMs: 60_000 },
] as const;

/** CPU shares between which latency may start to rise, and past which it soars. Source: template: Expected Scaling. */
export const scalingCpuShare = { flatUntil: 0.5, risesFrom: 0.7, soarsFrom: 0.8 } as const;

/** Source: template: Quick Reference, "Is my tracker fast enough?". Both limits are strict. */
export const deploymentSizes = [
  {
    name: 'small',
    users: '< 1000 concurrent users',
    mostUsers: 1_000,
    requestsPerSecond: 1_000,
    p95Ns: 10 * MS,
  },
  { name: 'medium', users: '1K-10K users', mostUsers: 10_000, requestsPerSecond: 10_000, p95Ns: 20 * MS },
  { name: 'large', users: '10K+ users', mostUsers: null, requestsPerSecond: 50_000, p95Ns: 50 * MS },
] as const;

/** Source: template: Quick Reference, "When to worry". */
export const worryLimits = {
  errorShare: 0.01,
  plateauCpuShare: 0.5 as Share,
  memoryBytesPerMinute: 100 * MB,
} as const;

/** Source: template: Quick Reference, "When to optimize". */
export const optimizeLimits = { capacityShare: 0.5 as Share, localP95Ns: 100 * MS, loadFactor: 2 } as const;

/**
 * Least share of the CPU that a cause must explain to be called one.
 * Source: lab: two identical runs on one machine differ by up to 10 %, so a smaller gain could not be seen.
 */
export const NOTABLE_COST_SHARE: Share = 0.1;
/**
 * Share from which a cause is a warning and no mere remark.
 * Source: lab: twice the 10 % by which equal runs differ, so that its removal shows in any comparison of two runs.
 */
export const WARNING_COST_SHARE: Share = 0.2;
/** Share from which a cause is critical. Source: lab: a cause that eats a third leaves the other two behind. */
export const CRITICAL_COST_SHARE: Share = 1 / 3;
/**
 * Kernel share of the CPU from which a tracker is called bound by system calls.
 * Source: lab: for UDP the kernel is the floor of the cost; only where it is the greater part does it come first.
 */
export const SYSCALL_BOUND_SHARE: Share = 0.5;
/**
 * Share of the CPU from which one function is a fault to look at first and no mere remark. Source: lab: in any program some
 * function is the costliest; one that takes the greater part costs more than all the rest together.
 */
export const HOT_FUNCTION_SHARE: Share = 0.5;
/** Share of its CPU capacity from which the tracker is busy. Source: template: Expected Scaling, "Above 80% CPU". */
export const BUSY_CPU_SHARE: Share = scalingCpuShare.soarsFrom;
/** The longest stall that a P99 of the "Acceptable" tier allows. Source: template: Latency Status Guide (Local Network). */
export const STALL_NS: Nanoseconds = 50 * MS;
/** Source: template: Request Statistics, Status Guide: the error rate of "Good". */
export const LOST_REQUEST_SHARE: Share = 0.001;
/** Source: template: Request Statistics, Status Guide: the error rate of "Critical". */
export const CRITICAL_LOST_SHARE: Share = 0.05;
/** Least length of a phase for a memory trend. Source: lab: a rate a minute from less is mostly the heap's sawtooth. */
export const LEAST_TREND_MS = 10_000;
/** Rise from a phase's first third to its last that counts. Source: lab: twice the 10 % by which equal runs differ. */
export const NOTABLE_RISE_SHARE: Share = 0.2;
/** CPU share of a load thread past which it measures itself. Source: lab: past 80 % of a core, queueing sets in. */
export const GENERATOR_CPU_SHARE: Share = 0.8;
/** Samples of a profile from which a share is told. Source: lab: a share of 10 % of 100 samples is known to ±3 points. */
export const LEAST_PROFILE_SAMPLES = 100;
/** P95 over the mean up to which a closed loop's queue explains it. Source: lab: 1.05 to 1.25 in undisturbed runs here. */
export const QUEUE_TAIL_FACTOR = 1.5;
/** CPU of the tracker past which it is the limit, however busy the generator. Source: lab: docs/adr/0003. */
export const SATURATED_CPU_SHARE: Share = 0.9;
/**
 * CPU share of a load thread below which a late generator was held up by others and not by its own work. Source: lab: at
 * half of a core a queue of its own work has no reason to build up.
 */
export const HELD_UP_CPU_SHARE: Share = 0.5;
/**
 * CPU time over wall time below which a JavaScript function waits. Source: lab: measured at 0.01 to 0.02 in `Atomics.wait`, and
 * at 0.5 and more where a computing function shared its core with others.
 */
export const WAITING_CPU_SHARE: Share = 0.25;
/**
 * Samples in application functions from which a CPU profile names them soundly. Source: lab: a function of one tenth has
 * ten of 100 samples, with a standard error of three; fewer do not tell it from one of half or twice the cost.
 */
export const LEAST_APPLICATION_SAMPLES = 100;
/** Share of the samples that is left out as chance where threads at work are counted. Source: lab: one in twenty, as P95. */
export const RARE_SAMPLE_SHARE: Share = 0.05;
/** P99 send delay past which the load is not the load that was asked for. Source: lab: the "Excellent" P95 limit. */
export const GENERATOR_LAG_NS: Nanoseconds = 1 * MS;
/** Least share of the asked rate that an open loop must send. Source: lab: a tenth of the 10 % by which equal runs differ. */
export const OFFERED_RATE_SHARE: Share = 0.99;
/**
 * Share of the machine's CPU that other processes or the hypervisor may take, in the second at the upper quartile of the clean phase.
 * Source: lab: equal runs differ by up to 10 %, so what takes less than a tenth of the CPU cannot be told from that
 * scatter, and what takes more can. The sampling itself errs by 2 % of a core: beside a process that took one of two
 * cores, all eight windows of a second showed 0.98 to 1.02.
 */
export const FOREIGN_CPU_SHARE: Share = 0.1;
/** Windows of a second that a verdict on foreign load needs. Source: lab: the median of three outvotes one bad edge. */
export const LEAST_MACHINE_WINDOWS = 3;
/**
 * Voluntary context switches a request below which no lock can matter. Source: lab: a thread that waits for a lock
 * sleeps; where fewer than one request in ten saw a thread fall asleep, less than the notable tenth can have waited.
 */
export const SLEEPS_PER_REQUEST = 0.1;
/**
 * Latency beyond what the tracker's work explains from which a request is said to wait. Source: template: Latency Status
 * Guide (Local Network): up to a P95 of 1 ms is "Excellent", and nothing there is to be mended.
 */
export const NOTABLE_WAIT_NS: Nanoseconds = 1 * MS;
/** Share of the latency that waiting must be to be the cause of it. Source: lab: the greater part comes first. */
export const NOTABLE_WAIT_SHARE: Share = 0.5;
/**
 * Cores of the tracker and of its generator together from which a closed loop is at work all the time: while one works the
 * other may wait for it. Source: lab: one core less the tenth by which equal runs differ.
 */
export const TURN_TAKING_CPU_SHARE: Share = 0.9;
/**
 * Kernel time above the floor, as a share of the CPU, from which a tracker is called bound by system calls. Source: lab:
 * as WARNING_COST_SHARE: below it, what batching or fewer calls would save cannot be told from the scatter of runs.
 */
export const SYSCALL_EXCESS_SHARE: Share = 0.2;
/**
 * A function whose own cost is up to this many times the collector's is hot by allocating, where it allocates most of
 * what is collected. Source: lab: V8 allocates inline, so that the allocating function pays for making and filling each
 * object, and Go for mallocgc and clearing, about as much again as the collector takes for it.
 */
export const ALLOCATION_COST_FACTOR = 2;
/**
 * Announces per possible peer after which all peers are known to have come. Source: lab: of peers drawn at random, three
 * draws each leave out e^-3, one in twenty.
 */
export const COVERING_ANNOUNCES = 3;
/** Share of the time from which stalls are critical, where one is as long as the next. Source: lab: a P95 sees one in twenty. */
export const CRITICAL_STALL_SHARE: Share = 0.05;
/** Source: template: Latency Status Guide (Local Network): the P95 of "Critical". */
export const CRITICAL_STALL_NS: Nanoseconds = 100 * MS;
/** Share of the time from which stalls are told. Source: lab: a P99 sees what one request in a hundred sees. */
export const STALL_TIME_SHARE: Share = 0.01;
/** Runs a side that a comparison needs. Source: lab: fewer than six give no interval of the difference. */
export const COMPARABLE_RUNS = 6;
/** Deviation from Little's law that is still explained by it. Source: lab: ramp-up and rounding stay within 20 %. */
export const LITTLES_LAW_TOLERANCE: Share = 0.2;
/**
 * Exponent b of `P95 ~ workers^b` from which latency grows in step with the workers. Source: lab: 1 is a closed loop whose
 * throughput stands still (Little's law), less the 20 % by which that law is off in runs here.
 */
export const LINEAR_GROWTH_EXPONENT = 0.8;
/**
 * P99 over P95 from which a tail is more than a queue. Source: lab: the latency of an M/M/1 queue is exponential, with
 * ln 100 / ln 20 = 1.54; the template's "Good" tier allows 2.
 */
export const TAIL_GAP_FACTOR = 2;
/** Part of a P99 that a stall must be as long as to be its cause. Source: lab: the greater part comes first. */
export const NOTABLE_TAIL_SHARE: Share = 0.5;
/** Ratio of mean latencies up to which operations cost the same. Source: lab: the template's own ranges differ by 2.5. */
export const SIMILAR_LATENCY_RATIO = 1.5;
