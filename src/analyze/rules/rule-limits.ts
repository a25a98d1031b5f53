/** Values of thresholds.ts as `explain` prints them, with their reasons in the words of its comments, which a test compares. */
import {
  ALLOCATION_COST_FACTOR,
  BLOCKING_SHARE,
  BUSY_CPU_SHARE,
  COVERING_ANNOUNCES,
  CRITICAL_COST_SHARE,
  CRITICAL_LOST_SHARE,
  CRITICAL_STALL_NS,
  CRITICAL_STALL_SHARE,
  CRITICAL_WAIT_NS,
  EXPLAINING_SHARE,
  FOREIGN_CPU_SHARE,
  GENERATOR_CPU_SHARE,
  GENERATOR_LAG_NS,
  HELD_UP_CPU_SHARE,
  HOT_FUNCTION_SHARE,
  KEEPER_SHARE,
  LEAST_KEEPER_SAMPLES,
  LEAST_MACHINE_WINDOWS,
  LEAST_NAMING_SAMPLES,
  LEAST_PROFILE_SAMPLES,
  LEAST_TIMED_REQUESTS,
  LEAST_TOLD_SHARE,
  LEAST_TREND_MS,
  LEAST_TREND_SAMPLES,
  LEAST_WINDOW_MS,
  LITTLES_LAW_TOLERANCE,
  LOST_REQUEST_SHARE,
  MEMORY_CONCERN_BYTES,
  MEMORY_CRITICAL_BYTES,
  NOTABLE_COST_SHARE,
  NOTABLE_WAIT_NS,
  NOTABLE_WAIT_SHARE,
  OFFERED_RATE_SHARE,
  RARE_SAMPLE_SHARE,
  SAMPLING_ERROR_CORES,
  SATURATED_CPU_SHARE,
  SLEEPS_PER_REQUEST,
  STALL_NS,
  STALL_TIME_SHARE,
  SYSCALL_BOUND_SHARE,
  SYSCALL_EXCESS_SHARE,
  TELLING_PACE_RATIO,
  TICK_ERROR_CORES,
  TREND_COVER_SHARE,
  TURN_TAKING_CPU_SHARE,
  UNDISTURBED_SHARE,
  WAITING_CPU_SHARE,
  WARNING_COST_SHARE,
  worryLimits,
} from '../thresholds.ts';
import type { Limit } from './rule-threshold.ts';

const MS = 1e6;
const MB = 1e6;

export const ruleLimits = {
  NOTABLE_COST_SHARE: {
    name: 'NOTABLE_COST_SHARE',
    value: NOTABLE_COST_SHARE * 100,
    unit: '%',
    reason:
      'lab: two identical runs on one machine differ by up to 10 %, so a smaller gain could not be seen.',
  },
  WARNING_COST_SHARE: {
    name: 'WARNING_COST_SHARE',
    value: WARNING_COST_SHARE * 100,
    unit: '%',
    reason:
      'lab: twice the 10 % by which equal runs differ, so that its removal shows in any comparison of two runs.',
  },
  CRITICAL_COST_SHARE: {
    name: 'CRITICAL_COST_SHARE',
    value: CRITICAL_COST_SHARE * 100,
    unit: '%',
    reason: 'lab: a cause that eats a third leaves the other two behind.',
  },
  LEAST_PROFILE_SAMPLES: {
    name: 'LEAST_PROFILE_SAMPLES',
    value: LEAST_PROFILE_SAMPLES,
    unit: 'samples',
    reason: 'lab: a share of 10 % of 100 samples is known to ±3 points.',
  },
  ALLOCATION_COST_FACTOR: {
    name: 'ALLOCATION_COST_FACTOR',
    value: ALLOCATION_COST_FACTOR,
    unit: 'times',
    reason:
      'lab: V8 allocates inline, so that the allocating function pays for making and filling each object, and Go for mallocgc and clearing, about as much again as the collector takes for it.',
  },
  SATURATED_CPU_SHARE: {
    name: 'SATURATED_CPU_SHARE',
    value: SATURATED_CPU_SHARE * 100,
    unit: '%',
    reason: 'lab: docs/adr/0003.',
  },
  SLEEPS_PER_REQUEST: {
    name: 'SLEEPS_PER_REQUEST',
    value: SLEEPS_PER_REQUEST,
    unit: 'a request',
    reason:
      'lab: a thread that waits for a lock sleeps; where fewer than one request in ten saw a thread fall asleep, less than the notable tenth can have waited.',
  },
  SYSCALL_EXCESS_SHARE: {
    name: 'SYSCALL_EXCESS_SHARE',
    value: SYSCALL_EXCESS_SHARE * 100,
    unit: '%',
    reason:
      'lab: as WARNING_COST_SHARE: below it, what batching or fewer calls would save cannot be told from the scatter of runs.',
  },
  SYSCALL_BOUND_SHARE: {
    name: 'SYSCALL_BOUND_SHARE',
    value: SYSCALL_BOUND_SHARE * 100,
    unit: '%',
    reason:
      'lab: for UDP the kernel is the floor of the cost; only where it is the greater part does it come first.',
  },
  BUSY_CPU_SHARE: {
    name: 'BUSY_CPU_SHARE',
    value: BUSY_CPU_SHARE * 100,
    unit: '%',
    reason: 'template: Expected Scaling, "Above 80% CPU".',
  },
  HOT_FUNCTION_SHARE: {
    name: 'HOT_FUNCTION_SHARE',
    value: HOT_FUNCTION_SHARE * 100,
    unit: '%',
    reason:
      'lab: in any program some function is the costliest; one that takes the greater part costs more than all the rest together.',
  },
  MEMORY_CONCERN_BYTES: {
    name: 'MEMORY_CONCERN_BYTES',
    value: MEMORY_CONCERN_BYTES / MB,
    unit: 'MB',
    reason: 'template: Memory Status Guide.',
  },
  MEMORY_CRITICAL_BYTES: {
    name: 'MEMORY_CRITICAL_BYTES',
    value: MEMORY_CRITICAL_BYTES / MB,
    unit: 'MB',
    reason: 'template: Memory Status Guide.',
  },
  worryLimits_memoryBytesPerMinute: {
    name: 'worryLimits.memoryBytesPerMinute',
    value: worryLimits.memoryBytesPerMinute / MB,
    unit: 'MB/min',
    reason: 'template: Quick Reference, "When to worry".',
  },
  LEAST_TREND_MS: {
    name: 'LEAST_TREND_MS',
    value: LEAST_TREND_MS / 1000,
    unit: 's',
    reason: "lab: a rate a minute from less is mostly the heap's sawtooth.",
  },
  COVERING_ANNOUNCES: {
    name: 'COVERING_ANNOUNCES',
    value: COVERING_ANNOUNCES,
    unit: 'a peer',
    reason: 'lab: of peers drawn at random, three draws each leave out e^-3, one in twenty.',
  },
  STALL_NS: {
    name: 'STALL_NS',
    value: STALL_NS / MS,
    unit: 'ms',
    reason: 'template: Latency Status Guide (Local Network).',
  },
  STALL_TIME_SHARE: {
    name: 'STALL_TIME_SHARE',
    value: STALL_TIME_SHARE * 100,
    unit: '%',
    reason: 'lab: a P99 sees what one request in a hundred sees.',
  },
  CRITICAL_STALL_NS: {
    name: 'CRITICAL_STALL_NS',
    value: CRITICAL_STALL_NS / MS,
    unit: 'ms',
    reason: 'template: Latency Status Guide (Local Network): the P95 of "Critical".',
  },
  CRITICAL_STALL_SHARE: {
    name: 'CRITICAL_STALL_SHARE',
    value: CRITICAL_STALL_SHARE * 100,
    unit: '%',
    reason: 'lab: a P95 sees one in twenty.',
  },
  LOST_REQUEST_SHARE: {
    name: 'LOST_REQUEST_SHARE',
    value: LOST_REQUEST_SHARE * 100,
    unit: '%',
    reason: 'template: Request Statistics, Status Guide: the error rate of "Good".',
  },
  worryLimits_errorShare: {
    name: 'worryLimits.errorShare',
    value: worryLimits.errorShare * 100,
    unit: '%',
    reason: 'template: Quick Reference, "When to worry".',
  },
  CRITICAL_LOST_SHARE: {
    name: 'CRITICAL_LOST_SHARE',
    value: CRITICAL_LOST_SHARE * 100,
    unit: '%',
    reason: 'template: Request Statistics, Status Guide: the error rate of "Critical".',
  },
  NOTABLE_WAIT_NS: {
    name: 'NOTABLE_WAIT_NS',
    value: NOTABLE_WAIT_NS / MS,
    unit: 'ms',
    reason:
      'template: Latency Status Guide (Local Network): up to a P95 of 1 ms is "Excellent", and nothing there is to be mended.',
  },
  CRITICAL_WAIT_NS: {
    name: 'CRITICAL_WAIT_NS',
    value: CRITICAL_WAIT_NS / MS,
    unit: 'ms',
    reason: 'template: Latency Status Guide (Local Network): the P95 of "Critical".',
  },
  NOTABLE_WAIT_SHARE: {
    name: 'NOTABLE_WAIT_SHARE',
    value: NOTABLE_WAIT_SHARE * 100,
    unit: '%',
    reason: 'lab: the greater part comes first.',
  },
  TURN_TAKING_CPU_SHARE: {
    name: 'TURN_TAKING_CPU_SHARE',
    value: TURN_TAKING_CPU_SHARE * 100,
    unit: '%',
    reason: 'lab: one core less the tenth by which equal runs differ.',
  },
  GENERATOR_CPU_SHARE: {
    name: 'GENERATOR_CPU_SHARE',
    value: GENERATOR_CPU_SHARE * 100,
    unit: '%',
    reason: 'lab: past 80 % of a core, queueing sets in.',
  },
  GENERATOR_LAG_NS: {
    name: 'GENERATOR_LAG_NS',
    value: GENERATOR_LAG_NS / MS,
    unit: 'ms',
    reason: 'lab: the "Excellent" P95 limit.',
  },
  HELD_UP_CPU_SHARE: {
    name: 'HELD_UP_CPU_SHARE',
    value: HELD_UP_CPU_SHARE * 100,
    unit: '%',
    reason: 'lab: at half of a core a queue of its own work has no reason to build up.',
  },
  WAITING_CPU_SHARE: {
    name: 'WAITING_CPU_SHARE',
    value: WAITING_CPU_SHARE * 100,
    unit: '%',
    reason:
      'lab: measured at 0.01 to 0.02 in `Atomics.wait`, and at 0.5 and more where a computing function shared its core with others.',
  },
  EXPLAINING_SHARE: {
    name: 'EXPLAINING_SHARE',
    value: EXPLAINING_SHARE * 100,
    unit: '%',
    reason: "lab: where they explain the smaller part, the greater may be somebody else's.",
  },
  LEAST_TOLD_SHARE: {
    name: 'LEAST_TOLD_SHARE',
    value: LEAST_TOLD_SHARE * 100,
    unit: '%',
    reason: 'lab: it prints as next to nothing, and who is first in it is chance.',
  },
  LEAST_KEEPER_SAMPLES: {
    name: 'LEAST_KEEPER_SAMPLES',
    value: LEAST_KEEPER_SAMPLES,
    unit: 'samples',
    reason:
      'lab: were it less than half of what is kept there, five samples of it and none of others would be chance in one of 32 cases.',
  },
  FOREIGN_CPU_SHARE: {
    name: 'FOREIGN_CPU_SHARE',
    value: FOREIGN_CPU_SHARE * 100,
    unit: '%',
    reason:
      'lab: equal runs differ by up to 10 %, so what takes less than a tenth of the CPU cannot be told from that scatter, and what takes more can. The sampling itself errs by 2 % of a core: beside a process that took one of two cores, all eight windows of a second showed 0.98 to 1.02.',
  },
  LEAST_WINDOW_MS: {
    name: 'LEAST_WINDOW_MS',
    value: LEAST_WINDOW_MS,
    unit: 'ms',
    reason:
      'lab: the kernel counts in ticks of 10 ms and the samples are taken one after the other; within a quarter of a second the edges would weigh too much.',
  },
  SAMPLING_ERROR_CORES: {
    name: 'SAMPLING_ERROR_CORES',
    value: SAMPLING_ERROR_CORES,
    unit: 'cores',
    reason: 'lab: measured at 2 % of a core, four times that is none.',
  },
  LEAST_MACHINE_WINDOWS: {
    name: 'LEAST_MACHINE_WINDOWS',
    value: LEAST_MACHINE_WINDOWS,
    unit: 'windows',
    reason: 'lab: the median of three outvotes one bad edge.',
  },
  OFFERED_RATE_SHARE: {
    name: 'OFFERED_RATE_SHARE',
    value: OFFERED_RATE_SHARE * 100,
    unit: '%',
    reason: 'lab: a tenth of the 10 % by which equal runs differ.',
  },
  LITTLES_LAW_TOLERANCE: {
    name: 'LITTLES_LAW_TOLERANCE',
    value: LITTLES_LAW_TOLERANCE * 100,
    unit: '%',
    reason: 'lab: ramp-up and rounding stay within 20 %.',
  },
  RARE_SAMPLE_SHARE: {
    name: 'RARE_SAMPLE_SHARE',
    value: RARE_SAMPLE_SHARE * 100,
    unit: '%',
    reason: 'lab: one in twenty, as P95.',
  },
  LEAST_TREND_SAMPLES: {
    name: 'LEAST_TREND_SAMPLES',
    value: LEAST_TREND_SAMPLES,
    unit: 'samples',
    reason: 'lab: three in each third, so that no slope goes by its two ends alone.',
  },
  TREND_COVER_SHARE: {
    name: 'TREND_COVER_SHARE',
    value: TREND_COVER_SHARE * 100,
    unit: '%',
    reason:
      'lab: samples come every quarter second, and under load twice as late; of ten seconds a second at the two ends is none.',
  },
  TELLING_PACE_RATIO: {
    name: 'TELLING_PACE_RATIO',
    value: TELLING_PACE_RATIO,
    unit: 'times',
    reason:
      'lab: only where one of the two halves its pace and the other does not, memory shows which of them it follows.',
  },
  BLOCKING_SHARE: {
    name: 'BLOCKING_SHARE',
    value: BLOCKING_SHARE * 100,
    unit: '%',
    reason: 'lab: a busy function loses some of it to other programs; one that blocks, the greater part.',
  },
  KEEPER_SHARE: {
    name: 'KEEPER_SHARE',
    value: KEEPER_SHARE * 100,
    unit: '%',
    reason: 'lab: the greater part comes first.',
  },
  TICK_ERROR_CORES: {
    name: 'TICK_ERROR_CORES',
    value: TICK_ERROR_CORES,
    unit: 'cores',
    reason:
      'lab: the kernel counts CPU in ticks of 10 ms, and two samples of a phase are read within some tens of milliseconds.',
  },
  UNDISTURBED_SHARE: {
    name: 'UNDISTURBED_SHARE',
    value: UNDISTURBED_SHARE * 100,
    unit: '%',
    reason:
      'lab: of four seconds three; a job that runs once in a phase spoils a second, one that goes on spoils the run.',
  },
  LEAST_TIMED_REQUESTS: {
    name: 'LEAST_TIMED_REQUESTS',
    value: LEAST_TIMED_REQUESTS,
    unit: 'replies',
    reason:
      'lab: the kernel counts in ticks of 10 ms, and of 100 requests one tick is 0.1 ms each, a tenth of NOTABLE_WAIT_NS.',
  },
  LEAST_NAMING_SAMPLES: {
    name: 'LEAST_NAMING_SAMPLES',
    value: LEAST_NAMING_SAMPLES,
    unit: 'samples',
    reason:
      'lab: were it one of two that are equally likely, five samples of it and none of the other would be chance in one of 32 cases.',
  },
} as const satisfies Readonly<Record<string, Limit>>;
