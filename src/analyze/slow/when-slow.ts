/** What is different when the tracker is slow: its slices of time with the worst P99 against the rest of them. Pure. */
import type { Evidence } from '../evidence.ts';
import { median, phaseLoad } from '../series.ts';
import { targetRuntime } from '../target-runtime.ts';
import { LEAST_EPISODES, LEAST_OTHER_SLICES, OTHER_EPISODE_SLICES, SLOW_FACTOR } from '../thresholds.ts';
import { episodesOf } from './episodes.ts';
import { sampledFunctions } from './sampled-functions.ts';
import { type SlowCondition, slowConditions } from './slow-conditions.ts';
import { type SlowFunction, slowFunctions } from './slow-functions.ts';
import { type TimeSlice, timeSlicesOf } from './time-slices-of.ts';

/** Slow slices of the profiled phase against the others. */
export interface WhenSlow {
  /** `none`: it was not slow by slices, or nothing differs. */
  readonly verdict: 'found' | 'none' | 'insufficient-data';
  /** One sentence. */
  readonly reason: string;
  /** Null where there is not enough of a P99 to tell slow slices from others. */
  readonly slices: {
    readonly sliceMs: number;
    readonly count: number;
    readonly slow: number;
    /** Times in which it was slow, each a slow slice or some in a row. */
    readonly episodes: number;
    /** Median of the slow slices' P99; null where there is none. */
    readonly slowNsP99: number | null;
    readonly otherNsP99: number | null;
    /** Where it was slow, by the run's clock. */
    readonly slowSpans: readonly { readonly startMs: number; readonly endMs: number }[];
  } | null;
  /** Of the profile whose samples were compared; null: no profile has times. */
  readonly profile: string | null;
  readonly testedFunctions: number;
  readonly functions: readonly SlowFunction[];
  readonly conditions: readonly SlowCondition[];
}

/** Spans that are told at most. */
const MOST_SPANS = 500;

export function whenSlow(evidence: Evidence): WhenSlow {
  const phase = phaseLoad(evidence, 'profiled');
  const { sliced } = evidence;
  if (phase === null) return insufficient('The run has no profiled phase.');
  if (sliced === undefined) return insufficient('The run has no latency by slices of time.');
  const { profile } = sliced;
  const functions = profile === null ? null : sampledFunctions(profile.samples);
  const time = timeSlicesOf(sliced, phase, functions);
  if ('missing' in time) return insufficient(`It cannot be told: ${time.missing}.`);
  const { slices, sliceMs } = time;

  const middleNs = median(slices.map(({ p99Ns }) => p99Ns)) ?? 0;
  const isSlow = (slice: TimeSlice): boolean => slice.p99Ns >= middleNs * SLOW_FACTOR;
  const { slow } = episodesOf(slices, isSlow, OTHER_EPISODE_SLICES);
  const slowSlices = slow.flat();
  const others = slices.filter((slice) => !isSlow(slice));
  const told: Omit<WhenSlow, 'verdict' | 'reason'> = {
    slices: {
      sliceMs,
      count: slices.length,
      slow: slowSlices.length,
      episodes: slow.length,
      slowNsP99: median(slowSlices.map(({ p99Ns }) => p99Ns)),
      otherNsP99: median(others.map(({ p99Ns }) => p99Ns)),
      slowSpans: slow.slice(0, MOST_SPANS).map((items) => ({
        startMs: (items[0] as TimeSlice).startMs,
        endMs: (items.at(-1) as TimeSlice).endMs,
      })),
    },
    profile: profile?.record.file ?? null,
    testedFunctions: 0,
    functions: [],
    conditions: [],
  };
  const of = `${slices.length} slices of ${sliceMs} ms`;
  if (others.length < LEAST_OTHER_SLICES) {
    const reason = `Only ${others.length} slices of ${sliceMs} ms were not slow, and ${LEAST_OTHER_SLICES} are needed to compare with: profile for longer.`;
    return { ...told, verdict: 'insufficient-data', reason };
  }
  if (slow.length === 0) {
    const reason = `In none of ${of} was P99 ${SLOW_FACTOR} times that of the median slice.`;
    return { ...told, verdict: 'none', reason };
  }
  if (slow.length < LEAST_EPISODES) {
    const reason = `It was slow ${slow.length} ${slow.length === 1 ? 'time' : 'times'} in ${of}, and ${LEAST_EPISODES} times are needed to tell what they share: profile for longer.`;
    return { ...told, verdict: 'insufficient-data', reason };
  }

  const compared = functions === null ? null : slowFunctions(slices, isSlow, functions);
  const conditions = slowConditions(evidence, slownessOf(slices, isSlow));
  const named = compared?.named ?? [];
  const isFound = named.length > 0 || conditions.some(({ differs }) => differs);
  return {
    ...told,
    testedFunctions: compared?.tested ?? 0,
    functions: named,
    conditions,
    verdict: isFound ? 'found' : functions === null ? 'insufficient-data' : 'none',
    reason: isFound
      ? `It was slow in ${slowSlices.length} of ${of}.${functions === null ? ` ${withoutTimes(evidence)}` : ''}`
      : functions === null
        ? `It was slow in ${slowSlices.length} of ${of}. ${withoutTimes(evidence)}`
        : `It was slow in ${slowSlices.length} of ${of}, and no function and no condition is beyond chance more frequent there.`,
  };
}

function insufficient(reason: string): WhenSlow {
  return {
    verdict: 'insufficient-data',
    reason,
    slices: null,
    profile: null,
    testedFunctions: 0,
    functions: [],
    conditions: [],
  };
}

function withoutTimes(evidence: Evidence): string {
  return targetRuntime(evidence) === 'go'
    ? "No function can be named: samples of Go's CPU profile have no time. With --perf they have."
    : 'No function can be named: no CPU profile of this run gives its samples a time.';
}

/** A span is slow where a slow slice lies in it, more or less, and is not where it touches none. */
function slownessOf(
  slices: readonly TimeSlice[],
  isSlow: (slice: TimeSlice) => boolean,
): (startMs: number, endMs: number) => boolean | null {
  return function slowness(startMs, endMs) {
    const touched = slices.filter((slice) => slice.endMs > startMs && slice.startMs < endMs);
    if (touched.length === 0) return null;
    const slow = touched.filter(isSlow);
    if (slow.length === 0) return false;
    const isWithin = slow.some((slice) => {
      const commonMs = Math.min(endMs, slice.endMs) - Math.max(startMs, slice.startMs);
      return commonMs >= Math.min(endMs - startMs, slice.endMs - slice.startMs) / 2;
    });
    return isWithin ? true : null;
  };
}
