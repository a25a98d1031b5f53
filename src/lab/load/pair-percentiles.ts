import type { Nanoseconds } from '../../units.ts';
import { type LatencyPairs, leastOf } from './latency-counts.ts';

/**
 * Percentiles of counts that several threads took, as an HdrHistogram of all of them has them: each the highest value of
 * its bucket. Some microseconds for a second of replies, where adding up histograms takes milliseconds of the core that
 * the load threads run on. Pure.
 *
 * @param percents - ascending, above 0, at most 100; 100 is the largest value
 * @returns one for each percent
 */
export function pairPercentiles(
  parts: readonly LatencyPairs[],
  percents: readonly number[],
): readonly Nanoseconds[] {
  const sums = new Map<number, number>();
  let total = 0;
  for (const { buckets, counts } of parts) {
    buckets.forEach((bucket, at) => {
      const count = counts[at] as number;
      sums.set(bucket, (sums.get(bucket) ?? 0) + count);
      total += count;
    });
  }
  const ordered = [...sums].sort(([one], [two]) => one - two);
  let reached = 0;
  let at = -1;
  return percents.map((percent) => {
    const wanted = Math.max(1, roundedUp((percent / 100) * total));
    while (reached < wanted && at + 1 < ordered.length) reached += (ordered[++at] as [number, number])[1];
    return leastOf((ordered[at] as [number, number])[0] + 1) - 1;
  });
}

/** 95 % of 20 is 19.000000000000004 in floating point, and means 19. */
function roundedUp(value: number): number {
  return Math.ceil(value - value * Number.EPSILON);
}
