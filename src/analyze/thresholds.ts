/**
 * Every limit that a figure is held against, in one place, each with where it comes from. `template` is the benchmark
 * results template, named by its section; `lab` is this project's own choice, with the reason. The template's tables of tiers
 * are in tier-tables.ts.
 *
 * Sizes in the template's "MB" are 10^6 bytes.
 */
import type { Bytes, Milliseconds, Nanoseconds, Share } from '../units.ts';

const MS: Nanoseconds = 1e6;
const MB: Bytes = 1e6;

/** Growth past which memory is a concern. Source: template: Memory Status Guide. */
export const MEMORY_CONCERN_BYTES: Bytes = 500 * MB;

/** Growth past which memory is critical. Source: template: Memory Status Guide. */
export const MEMORY_CRITICAL_BYTES: Bytes = 1000 * MB;

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
/**
 * Samples of what it keeps from which a function is named that V8 inlines later. Source: lab: were it less than half of
 * what is kept there, five samples of it and none of others would be chance in one of 32 cases.
 */
export const LEAST_KEEPER_SAMPLES = 5;
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
/**
 * The same from which it is critical: all of it is latency. Source: template: Latency Status Guide (Local Network): the P95 of "Critical".
 */
export const CRITICAL_WAIT_NS: Nanoseconds = 100 * MS;
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
export const ALLOCATION_COST_FACTOR = 1;
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
/**
 * Stalls from which they are no single event. Source: lab: one event may lie in two neighbouring samples; a third came at another
 * time.
 */
export const SURE_STALLS = 3;
/** Part of the stalled time that something must account for to be its cause. Source: lab: the greater part comes first. */
export const STALL_CAUSE_SHARE: Share = 0.5;
/**
 * Threads that may wait for a core at once because of one collection. Source: lab: V8 collects on the main thread and on the
 * four workers of Node's platform.
 */
export const COLLECTING_THREADS = 5;
/** Part of the slowest reply that a stall must be as long as to be its cause. Source: lab: the greater part comes first. */
export const SLOWEST_CAUSE_SHARE: Share = 0.5;
/**
 * Stall over that of the usual second from which it is one. Source: lab: a busy loop is held for some time in every second;
 * half as long again is more than the 10 % by which equal runs differ.
 */
export const UNUSUAL_STALL_RATIO = 1.5;
/**
 * Part of the kernel's share that stacks must explain to say who calls it. Source: lab: where they explain the smaller part,
 * the greater may be somebody else's.
 */
export const EXPLAINING_SHARE: Share = 0.5;
/** Least share that is told at all. Source: lab: it prints as next to nothing, and who is first in it is chance. */
export const LEAST_TOLD_SHARE: Share = 0.005;
/**
 * Length of a window in which the machine's CPU is added up. Source: lab: the kernel counts in ticks of 10 ms and the samples
 * are taken one after the other; within a quarter of a second the edges would weigh too much.
 */
export const LEAST_WINDOW_MS: Milliseconds = 900;
/** CPU below zero that is still an error of sampling. Source: lab: measured at 2 % of a core, four times that is none. */
export const SAMPLING_ERROR_CORES = 0.08;
/**
 * P99 of a slice of time over the median slice's from which it is slow. Source: lab: beyond what a P99 of 100 requests does by
 * chance under a steady load, and worth an answer.
 */
export const SLOW_FACTOR = 2;
/** Requests of the middle slice. Source: lab: below it a P99 is but the slowest request. */
export const LEAST_REQUESTS = 100;
/**
 * Requests without which a slice has no P99 at all. Source: lab: one that a stall fills has only those under way, one a
 * client.
 */
export const LEAST_REQUESTS_OF_A_SLICE = 5;
/** CPU samples of the middle slice. Source: lab: of fewer no share can be seen to move. */
export const LEAST_SAMPLES = 5;
/** Times in which it was slow. Source: lab: with fewer the interval of a share says nothing. */
export const LEAST_EPISODES = 4;
/** Slices that were not slow, to compare with. Source: lab: fewer than four witnesses of five slices say nothing. */
export const LEAST_OTHER_SLICES = 20;
/** Slices in a row that count as one witness where they were not slow. Source: lab: as long as a slow time may be. */
export const OTHER_EPISODE_SLICES = 5;
/** Samples of the kernel and the runtime in a row that count as one witness. Source: lab: they come every quarter second. */
export const OTHER_EPISODE_STEPS = 3;
/** Share of all samples from which a function is looked at. Source: lab: rarer ones cannot hold up a slice. */
export const LEAST_POOLED_SHARE: Share = 0.005;
/**
 * By how much a function's share of the slow slices' samples must be larger than of the others'. Source: lab: one in twenty,
 * as P95: less of a slow time is not what makes it slow.
 */
export const LEAST_EXCESS: Share = 0.05;
/** Condition when slow over the same otherwise. Source: lab: as UNUSUAL_STALL_RATIO. */
export const LEAST_CONDITION_RATIO = 1.5;
/** Probability with which all intervals of a kind hold together. Source: lab: the customary 95 %, divided by their number (Bonferroni). */
export const SLOW_CONFIDENCE = 0.95;
/**
 * Slices after the profilers' start that are left out. Source: lab: their start holds the program up, and its queue has to
 * drain.
 */
export const SETTLING_SLICES = 3;
/** Time by which samples may lie outside of the phase. Source: lab: beyond it the clocks are two. */
export const MOST_CLOCK_ERROR_MS: Milliseconds = 1_000;
/**
 * Difference of shares up to which two functions are told as alike when slow. Source: lab: a caller's share is its callee's and
 * a little more.
 */
export const SAME_SHARE: Share = 0.03;
/** Points that a fit of three parameters needs. Source: lab: one more than parameters, to judge them by. */
export const LEAST_FIT_POINTS = 4;
/**
 * Least R² of a fit that is told. Source: lab: below it the scatter is more than a tenth of the variance, as much as equal
 * runs differ by.
 */
export const LEAST_R_SQUARED = 0.9;
/**
 * Samples of the kernel in the clean phase that a trend of memory needs. Source: lab: three in each third, so that no slope goes by its
 * two ends alone.
 */
export const LEAST_TREND_SAMPLES = 9;
/**
 * Part of {@link LEAST_TREND_MS} that lies between the first sample of a phase and its last. Source: lab: samples come every quarter
 * second, and under load twice as late; of ten seconds a second at the two ends is none.
 */
export const TREND_COVER_SHARE: Share = 0.9;
/**
 * New peers a request in the last third of the clean phase over the first, up to which growth by peers can be told from growth by requests.
 * Source: lab: only where one of the two halves its pace and the other does not, memory shows which of them it follows.
 */
export const TELLING_PACE_RATIO = 0.5;
/**
 * Part of a function's wall time off the CPU from which it blocks its thread. Source: lab: a busy function loses some of it to other
 * programs; one that blocks, the greater part.
 */
export const BLOCKING_SHARE: Share = 0.5;
/** Part of what inlined functions kept that one of them must have, to be named. Source: lab: the greater part comes first. */
export const KEEPER_SHARE: Share = 0.5;
/**
 * What a whole number of cores may read above itself. Source: lab: the kernel counts CPU in ticks of 10 ms, and two samples of a phase
 * are read within some tens of milliseconds.
 */
export const TICK_ERROR_CORES = 0.05;
/**
 * Part of the seconds of the clean phase that must be below the limit of foreign load. Source: lab: of four seconds three; a job that runs
 * once in a phase spoils a second, one that goes on spoils the run.
 */
export const UNDISTURBED_SHARE: Share = 0.75;
/**
 * Replies from which the CPU time a request is known. Source: lab: the kernel counts in ticks of 10 ms, and of 100 requests one tick is
 * 0.1 ms each, a tenth of NOTABLE_WAIT_NS.
 */
export const LEAST_TIMED_REQUESTS = 100;
/**
 * Samples by which a function that makes error replies or keeps the tracker from its socket is named. Source: lab: were it one of two
 * that are equally likely, five samples of it and none of the other would be chance in one of 32 cases.
 */
export const LEAST_NAMING_SAMPLES = 5;
/**
 * Part of the clean phase in which the event loop must have been sampled. Source: lab: of a phase that was seen for its smaller part, the
 * greater may hold the stalls.
 */
export const LEAST_WATCHED_SHARE: Share = 0.5;
