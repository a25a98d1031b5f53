/** A bootstrap interval of the ratio of two medians. Pure. */
import { quantileSorted } from 'simple-statistics';
import { randomStream } from './random-stream.ts';

export interface RatioInterval {
  /** Of `second` to `first`: 1.1 is a tenth more. */
  readonly low: number;
  readonly high: number;
}

/** Of the resampled ratios that lie in the interval. */
const CONFIDENCE = 0.95;
const RESAMPLES = 5000;

export interface BootstrapOptions {
  readonly seed?: number;
  readonly resamples?: number;
}

/**
 * The percentile interval of median(second) / median(first): both samples are drawn anew with replacement, and the
 * middle 95 % of the ratios are kept.
 *
 * @returns null where a sample has fewer than two values, or a value that is not above 0
 * @see Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13
 */
export function bootstrapRatio(
  first: readonly number[],
  second: readonly number[],
  options: BootstrapOptions = {},
): RatioInterval | null {
  if (Math.min(first.length, second.length) < 2 || [...first, ...second].some((value) => !(value > 0))) {
    return null;
  }
  const { seed = 1, resamples = RESAMPLES } = options;
  const random = randomStream(seed);
  const drawMedian = medianDrawer(random);
  const ratios = new Float64Array(resamples);
  for (let at = 0; at < resamples; at++) {
    const below = drawMedian(first);
    ratios[at] = drawMedian(second) / below;
  }
  const sorted = [...ratios.sort()];
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) };
}

/** The median of as many values as the sample has, drawn from it with replacement. */
function medianDrawer(random: () => number): (sample: readonly number[]) => number {
  return function drawMedian(sample) {
    const size = sample.length;
    const drawn = new Float64Array(size);
    for (let at = 0; at < size; at++) drawn[at] = sample[Math.floor(random() * size)] as number;
    drawn.sort();
    const middle = size >> 1;
    return size % 2 === 1
      ? (drawn[middle] as number)
      : ((drawn[middle - 1] as number) + (drawn[middle] as number)) / 2;
  };
}
