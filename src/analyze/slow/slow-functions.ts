/** Which functions have a larger share of the CPU samples where it was slow. Pure. */
import type { Share } from '../../units.ts';
import {
  LEAST_EXCESS,
  LEAST_POOLED_SHARE,
  OTHER_EPISODE_SLICES,
  SAME_SHARE,
  SLOW_CONFIDENCE,
} from '../thresholds.ts';
import { episodesOf, sums } from './episodes.ts';
import { liftOf } from './lift.ts';
import type { SampledFunctions } from './sampled-functions.ts';
import { MOST_FUNCTIONS } from './slow-limits.ts';
import type { TimeSlice } from './time-slices-of.ts';

export interface SlowFunction {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  /** Of the samples of the slow slices, with what it calls. */
  readonly slowShare: Share;
  readonly otherShare: Share;
  readonly lift: number;
  /** Ends of the lift's interval; those of all tested functions hold together at 95 %. */
  readonly liftLow: number;
  readonly liftHigh: number;
}

/** The functions to be named, the one with the largest difference of shares first, and how many were looked at. */
export function slowFunctions(
  slices: readonly TimeSlice[],
  isSlow: (slice: TimeSlice) => boolean,
  { functions, charged }: SampledFunctions,
): { readonly named: readonly SlowFunction[]; readonly tested: number } {
  const { slow, other } = episodesOf(slices, isSlow, OTHER_EPISODE_SLICES);
  const pooled = new Map<number, number>();
  let samples = 0;
  for (const slice of slices) {
    samples += slice.samples;
    for (const [id, count] of slice.hits) pooled.set(id, (pooled.get(id) ?? 0) + count);
  }
  const tested = [...pooled].filter(
    ([id, count]) => count >= samples * LEAST_POOLED_SHARE && functions[id]?.functionName !== '(lab agent)',
  );
  const confidence = 1 - (1 - SLOW_CONFIDENCE) / Math.max(1, tested.length);
  const named: { readonly found: SlowFunction; readonly excess: number; readonly own: number }[] = [];
  for (const [id] of tested) {
    const hits = (slice: TimeSlice): number => slice.hits.get(id) ?? 0;
    const all = (slice: TimeSlice): number => slice.samples;
    const lift = liftOf(sums(slow, hits, all), sums(other, hits, all), confidence);
    const excess = lift.slowShare - lift.otherShare;
    if (lift.low <= 1 || excess < LEAST_EXCESS) continue;
    const { slowShare, otherShare, lift: ratio, low: liftLow, high: liftHigh } = lift;
    named.push({
      found: {
        ...(functions[id] as SampledFunctions['functions'][number]),
        ...{ slowShare, otherShare, lift: ratio, liftLow, liftHigh },
      },
      excess,
      own: charged.get(id) ?? 0,
    });
  }
  named.sort((one, two) => two.excess - one.excess);
  const ranked: SlowFunction[] = [];
  while (named.length > 0) {
    const leader = named[0]?.excess ?? 0;
    const alike = named.filter(({ excess }) => leader - excess < SAME_SHARE);
    ranked.push(...alike.sort((one, two) => two.own - one.own).map(({ found }) => found));
    named.splice(0, alike.length);
  }
  return { named: ranked.slice(0, MOST_FUNCTIONS), tested: tested.length };
}
