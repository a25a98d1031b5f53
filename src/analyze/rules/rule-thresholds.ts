/**
 * The limits of each rule as `explain` prints them: values from thresholds.ts, reasons in the words of its comments, which a
 * test compares.
 */
import type { RuleId } from '../finding.ts';
import {
  ALLOCATION_COST_FACTOR,
  BUSY_CPU_SHARE,
  COVERING_ANNOUNCES,
  CRITICAL_COST_SHARE,
  CRITICAL_LOST_SHARE,
  CRITICAL_STALL_NS,
  CRITICAL_STALL_SHARE,
  GENERATOR_CPU_SHARE,
  GENERATOR_LAG_NS,
  HELD_UP_CPU_SHARE,
  HOT_FUNCTION_SHARE,
  LEAST_PROFILE_SAMPLES,
  LEAST_TREND_MS,
  LOST_REQUEST_SHARE,
  MEMORY_CONCERN_BYTES,
  NOTABLE_COST_SHARE,
  NOTABLE_WAIT_NS,
  NOTABLE_WAIT_SHARE,
  SATURATED_CPU_SHARE,
  SLEEPS_PER_REQUEST,
  STALL_NS,
  STALL_TIME_SHARE,
  SYSCALL_BOUND_SHARE,
  SYSCALL_EXCESS_SHARE,
  TURN_TAKING_CPU_SHARE,
  WAITING_CPU_SHARE,
  WARNING_COST_SHARE,
  worryLimits,
} from '../thresholds.ts';

export interface RuleThreshold {
  /** Name of the constant in thresholds.ts; a field after a dot. */
  readonly name: string;
  /** In `unit`. */
  readonly value: number;
  readonly unit: string;
  /** What it limits in this rule. */
  readonly meaning: string;
  readonly reason: string;
}

const MS = 1e6;
const MB = 1e6;

type Limit = Omit<RuleThreshold, 'meaning'>;

const limits = {
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
} as const satisfies Readonly<Record<string, Limit>>;

/** Every rule's limits, in the order in which it goes by them. */
export const ruleThresholds: Readonly<Record<RuleId, readonly RuleThreshold[]>> = {
  'gc-pressure': [
    { ...limits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...limits.WARNING_COST_SHARE, meaning: 'a warning from' },
    { ...limits.CRITICAL_COST_SHARE, meaning: 'critical from' },
    { ...limits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
    {
      ...limits.ALLOCATION_COST_FACTOR,
      meaning: "own cost of the allocating function up to which it is told here, over the collector's",
    },
  ],
  'lock-contention': [
    { ...limits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...limits.WARNING_COST_SHARE, meaning: 'a warning from' },
    { ...limits.CRITICAL_COST_SHARE, meaning: 'critical from' },
    { ...limits.SATURATED_CPU_SHARE, meaning: 'CPU from which the tracker has used it up' },
    { ...limits.SLEEPS_PER_REQUEST, meaning: 'times asleep below which no lock matters' },
    { ...limits.WAITING_CPU_SHARE, meaning: 'CPU over wall time below which JavaScript waits' },
  ],
  'syscall-bound': [
    { ...limits.SYSCALL_EXCESS_SHARE, meaning: 'kernel above the floor, share of the CPU' },
    { ...limits.SYSCALL_BOUND_SHARE, meaning: 'kernel share where the floor was not measured' },
    { ...limits.BUSY_CPU_SHARE, meaning: 'CPU below which no system call limits the tracker' },
    { ...limits.NOTABLE_COST_SHARE, meaning: 'cost of one caller from which it is named' },
  ],
  'cpu-hot-function': [
    { ...limits.BUSY_CPU_SHARE, meaning: 'CPU from which the tracker is busy' },
    { ...limits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...limits.HOT_FUNCTION_SHARE, meaning: 'a warning from' },
    { ...limits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
  ],
  'memory-growth': [
    { ...limits.MEMORY_CONCERN_BYTES, meaning: 'growth to the peak' },
    {
      ...limits.worryLimits_memoryBytesPerMinute,
      meaning: 'growth a minute, over the phase and its last third',
    },
    { ...limits.LEAST_TREND_MS, meaning: 'length of the clean phase that a trend needs' },
    { ...limits.COVERING_ANNOUNCES, meaning: 'announces after which every peer has come' },
  ],
  'event-loop-stall': [
    { ...limits.STALL_NS, meaning: 'delay that is a stall' },
    { ...limits.STALL_TIME_SHARE, meaning: 'share of the time that stalls must take' },
    { ...limits.CRITICAL_STALL_NS, meaning: 'critical from, together with the next' },
    { ...limits.CRITICAL_STALL_SHARE, meaning: 'share of the time for critical' },
  ],
  logging: [
    { ...limits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...limits.WARNING_COST_SHARE, meaning: 'a warning from' },
    { ...limits.CRITICAL_COST_SHARE, meaning: 'critical from' },
    { ...limits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
  ],
  'receive-drops': [
    { ...limits.LOST_REQUEST_SHARE, meaning: 'dropped, share of requests' },
    { ...limits.worryLimits_errorShare, meaning: 'a warning above' },
    { ...limits.CRITICAL_LOST_SHARE, meaning: 'critical above' },
  ],
  'external-wait': [
    { ...limits.NOTABLE_WAIT_NS, meaning: 'latency beyond service and queue' },
    { ...limits.NOTABLE_WAIT_SHARE, meaning: 'the same as a share of the latency' },
    { ...limits.BUSY_CPU_SHARE, meaning: 'CPU from which requests wait for its own work' },
    {
      ...limits.TURN_TAKING_CPU_SHARE,
      meaning: 'tracker and generator together, from which they take turns',
    },
    { ...limits.LEAST_PROFILE_SAMPLES, meaning: 'samples of a caller that make it certain' },
  ],
  'errors-returned': [
    { ...limits.worryLimits_errorShare, meaning: 'error and malformed replies, a warning above' },
    { ...limits.CRITICAL_LOST_SHARE, meaning: 'critical above' },
  ],
  'generator-limited': [
    { ...limits.GENERATOR_CPU_SHARE, meaning: 'CPU of a load thread above which it is busy' },
    { ...limits.GENERATOR_LAG_NS, meaning: 'P99 send delay above which it is late' },
    { ...limits.SATURATED_CPU_SHARE, meaning: 'CPU from which the tracker has used it up' },
    { ...limits.HELD_UP_CPU_SHARE, meaning: 'CPU below which others held it up' },
  ],
};
