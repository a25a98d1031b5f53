/** Which limits each rule goes by, as `explain` prints them. */
import type { RuleId } from '../finding.ts';
import { ruleLimits } from './rule-limits.ts';
import type { RuleThreshold } from './rule-threshold.ts';
import { stallLimits } from './stall-limits.ts';

/** Every rule's limits, in the order in which it goes by them. */
export const ruleThresholds: Readonly<Record<RuleId, readonly RuleThreshold[]>> = {
  'gc-pressure': [
    { ...ruleLimits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...ruleLimits.WARNING_COST_SHARE, meaning: 'a warning from' },
    { ...ruleLimits.CRITICAL_COST_SHARE, meaning: 'critical from' },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
    {
      ...ruleLimits.ALLOCATION_COST_FACTOR,
      meaning: "own cost of the allocating function up to which it is told here, over the collector's",
    },
    {
      ...ruleLimits.EXPLAINING_SHARE,
      meaning: 'part of the cost by which its kind is told, for the advice',
    },
  ],
  'lock-contention': [
    { ...ruleLimits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...ruleLimits.WARNING_COST_SHARE, meaning: 'a warning from' },
    { ...ruleLimits.CRITICAL_COST_SHARE, meaning: 'critical from' },
    { ...ruleLimits.SATURATED_CPU_SHARE, meaning: 'CPU from which the tracker has used it up' },
    { ...ruleLimits.SLEEPS_PER_REQUEST, meaning: 'times asleep below which no lock matters' },
    { ...ruleLimits.WAITING_CPU_SHARE, meaning: 'CPU over wall time below which JavaScript waits' },
    { ...ruleLimits.LEAST_TOLD_SHARE, meaning: 'standing still that is told' },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
    { ...ruleLimits.EXPLAINING_SHARE, meaning: 'part of the waiting by which the kind of lock is told' },
  ],
  'syscall-bound': [
    { ...ruleLimits.SYSCALL_EXCESS_SHARE, meaning: 'kernel above the floor, share of the CPU' },
    { ...ruleLimits.SYSCALL_BOUND_SHARE, meaning: 'kernel share where the floor was not measured' },
    { ...ruleLimits.BUSY_CPU_SHARE, meaning: 'CPU below which no system call limits the tracker' },
    { ...ruleLimits.NOTABLE_COST_SHARE, meaning: 'cost of one caller from which it is named' },
    {
      ...ruleLimits.EXPLAINING_SHARE,
      meaning: "part of the kernel's share that stacks must explain to name a caller",
    },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
  ],
  'cpu-hot-function': [
    { ...ruleLimits.BUSY_CPU_SHARE, meaning: 'CPU from which the tracker is busy' },
    { ...ruleLimits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...ruleLimits.HOT_FUNCTION_SHARE, meaning: 'a warning from' },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
    {
      ...ruleLimits.RARE_SAMPLE_SHARE,
      meaning: 'samples left out where the threads at work of a native tracker are counted',
    },
    { ...ruleLimits.TICK_ERROR_CORES, meaning: 'what a whole core may read above itself' },
    { ...ruleLimits.EXPLAINING_SHARE, meaning: 'part of the cost by which its kind is told, for the advice' },
  ],
  'memory-growth': [
    { ...ruleLimits.MEMORY_CONCERN_BYTES, meaning: 'growth to the peak, a warning from' },
    { ...ruleLimits.MEMORY_CRITICAL_BYTES, meaning: 'growth to the peak, critical above' },
    {
      ...ruleLimits.worryLimits_memoryBytesPerMinute,
      meaning: 'growth a minute, over the phase and its last third',
    },
    { ...ruleLimits.LEAST_TREND_MS, meaning: 'length of the clean phase that a trend needs' },
    { ...ruleLimits.TREND_COVER_SHARE, meaning: 'part of it between its first sample and its last' },
    { ...ruleLimits.LEAST_TREND_SAMPLES, meaning: 'samples that a trend needs' },
    {
      ...ruleLimits.TELLING_PACE_RATIO,
      meaning: 'pace of new peers over that of requests, up to which memory shows which of them it follows',
    },
    { ...ruleLimits.COVERING_ANNOUNCES, meaning: 'announces after which every peer has come' },
    { ...ruleLimits.NOTABLE_COST_SHARE, meaning: 'part of what is kept from which a function is named' },
    {
      ...ruleLimits.LEAST_KEEPER_SAMPLES,
      meaning:
        'samples of the function that is named where V8 inlined it, and of who makes the buffers that are kept',
    },
    {
      ...ruleLimits.KEEPER_SHARE,
      meaning: 'part of what inlined functions kept that the one that is named must have',
    },
  ],
  'event-loop-stall': [
    { ...ruleLimits.STALL_NS, meaning: 'delay that is a stall' },
    { ...ruleLimits.STALL_TIME_SHARE, meaning: 'share of the time that stalls must take' },
    { ...ruleLimits.CRITICAL_STALL_NS, meaning: 'critical from, together with the next' },
    { ...ruleLimits.CRITICAL_STALL_SHARE, meaning: 'share of the time for critical' },
    {
      ...stallLimits.SURE_STALLS,
      meaning: 'samples with a stall that make it certain where no function is named',
    },
    {
      ...stallLimits.STALL_CAUSE_SHARE,
      meaning:
        'part of the stalled time that collections, waiting for a core, timers or blocking calls must account for',
    },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples of a profile that names a function' },
    { ...stallLimits.LEAST_WATCHED_SHARE, meaning: 'part of the clean phase that must have been sampled' },
    { ...stallLimits.COLLECTING_THREADS, meaning: 'threads that wait for a core because of one collection' },
    {
      ...stallLimits.SLOWEST_CAUSE_SHARE,
      meaning: 'stall over the slowest reply from which it is its cause',
    },
    { ...stallLimits.UNUSUAL_STALL_RATIO, meaning: 'the same over the usual second' },
    { ...stallLimits.SLOW_FACTOR, meaning: "when slow: P99 of a slice over the median slice's" },
    { ...stallLimits.LEAST_REQUESTS, meaning: 'when slow: requests of the middle slice' },
    { ...stallLimits.LEAST_REQUESTS_OF_A_SLICE, meaning: 'when slow: requests of any slice' },
    { ...stallLimits.LEAST_SAMPLES, meaning: 'when slow: CPU samples of the middle slice' },
    { ...stallLimits.LEAST_EPISODES, meaning: 'when slow: times in which it was slow' },
    { ...stallLimits.LEAST_OTHER_SLICES, meaning: 'when slow: slices that were not' },
    { ...stallLimits.OTHER_EPISODE_SLICES, meaning: 'when slow: slices of one witness' },
    { ...stallLimits.OTHER_EPISODE_STEPS, meaning: 'when slow: samples of one witness' },
    { ...stallLimits.LEAST_POOLED_SHARE, meaning: 'when slow: share of a function that is looked at' },
    {
      ...stallLimits.LEAST_EXCESS,
      meaning: 'when slow: share above that of the rest from which a function is named',
    },
    {
      ...stallLimits.SAME_SHARE,
      meaning: 'when slow: difference of shares up to which two functions are alike',
    },
    { ...stallLimits.LEAST_CONDITION_RATIO, meaning: 'when slow: ratio from which a condition is named' },
    { ...stallLimits.SLOW_CONFIDENCE, meaning: 'when slow: probability of all intervals together' },
    { ...stallLimits.SETTLING_SLICES, meaning: 'when slow: first slices that are left out' },
    {
      ...stallLimits.MOST_CLOCK_ERROR_MS,
      meaning: 'when slow: time by which samples may lie outside of the phase',
    },
  ],
  logging: [
    { ...ruleLimits.NOTABLE_COST_SHARE, meaning: 'least share that is a finding' },
    { ...ruleLimits.WARNING_COST_SHARE, meaning: 'a warning from' },
    { ...ruleLimits.CRITICAL_COST_SHARE, meaning: 'critical from' },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples that a share needs' },
  ],
  'receive-drops': [
    { ...ruleLimits.LOST_REQUEST_SHARE, meaning: 'dropped, share of requests' },
    { ...ruleLimits.worryLimits_errorShare, meaning: 'a warning above' },
    { ...ruleLimits.CRITICAL_LOST_SHARE, meaning: 'critical above' },
    {
      ...ruleLimits.BUSY_CPU_SHARE,
      meaning: 'CPU from which the costliest function is what keeps it from reading',
    },
    {
      ...stallLimits.STALL_CAUSE_SHARE,
      meaning:
        'time that a function holds the thread for, over the share of requests that were lost, from which it is named',
    },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples of a profile that names a function' },
  ],
  'external-wait': [
    { ...ruleLimits.NOTABLE_WAIT_NS, meaning: 'latency beyond service and queue' },
    { ...ruleLimits.NOTABLE_WAIT_SHARE, meaning: 'the same as a share of the latency' },
    { ...ruleLimits.BUSY_CPU_SHARE, meaning: 'CPU from which requests wait for its own work' },
    {
      ...ruleLimits.TURN_TAKING_CPU_SHARE,
      meaning: 'tracker and generator together, from which they take turns',
    },
    { ...ruleLimits.CRITICAL_WAIT_NS, meaning: 'latency beyond service and queue, critical from' },
    { ...ruleLimits.LEAST_PROFILE_SAMPLES, meaning: 'samples of a caller that make it certain' },
    { ...ruleLimits.LEAST_TIMED_REQUESTS, meaning: 'replies that tell the CPU time of one' },
    {
      ...ruleLimits.NOTABLE_COST_SHARE,
      meaning: 'time off the CPU from which a function that blocks is named',
    },
    { ...ruleLimits.BLOCKING_SHARE, meaning: "part of that function's own wall time" },
  ],
  'errors-returned': [
    { ...ruleLimits.worryLimits_errorShare, meaning: 'error and malformed replies, a warning above' },
    { ...ruleLimits.CRITICAL_LOST_SHARE, meaning: 'critical above' },
    { ...ruleLimits.LEAST_NAMING_SAMPLES, meaning: 'samples of the function that is named' },
  ],
  'generator-limited': [
    { ...ruleLimits.GENERATOR_CPU_SHARE, meaning: 'CPU of a load thread above which it is busy' },
    { ...ruleLimits.GENERATOR_LAG_NS, meaning: 'P99 send delay above which it is late' },
    { ...ruleLimits.SATURATED_CPU_SHARE, meaning: 'CPU from which the tracker has used it up' },
    { ...ruleLimits.HELD_UP_CPU_SHARE, meaning: 'CPU below which others held it up' },
    { ...ruleLimits.OFFERED_RATE_SHARE, meaning: 'part of the asked rate that must have been sent' },
    {
      ...ruleLimits.LITTLES_LAW_TOLERANCE,
      meaning: 'part of the workers that may have been waiting for time-outs',
    },
    { ...ruleLimits.FOREIGN_CPU_SHARE, meaning: 'share of the machine that others may take' },
    { ...ruleLimits.UNDISTURBED_SHARE, meaning: 'part of the seconds in which they must stay below it' },
    { ...ruleLimits.LEAST_MACHINE_WINDOWS, meaning: 'windows that a verdict on others needs' },
    { ...ruleLimits.LEAST_WINDOW_MS, meaning: 'length of such a window' },
    { ...ruleLimits.SAMPLING_ERROR_CORES, meaning: 'negative share of others that is an error of sampling' },
  ],
};
