/** How much larger a share is in some slices of time than in the others. Pure. */
import type { Share } from '../../units.ts';
import { studentQuantile } from './student-t.ts';

/** Slices that lie together: what happens in one of them tells of its neighbours, so together they count as one witness. */
export interface Episode {
  /** Samples of the function in question, or a counter's growth. */
  readonly hits: number;
  /** What they are a share of: samples of all, or a time. */
  readonly all: number;
}

export interface Lift {
  readonly slowShare: Share;
  readonly otherShare: Share;
  /** Ratio of the two; where the other share is 0, of half a sample. */
  readonly lift: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The ratio of two shares with its interval.
 *
 * Each share is a ratio of sums over episodes, and its variance that of their residuals: samples within an episode are not
 * independent, episodes are taken to be. It is not let below what as many independent samples would have, so that a function
 * that happened to be in no episode is not thought to be impossible there. On the logarithm the difference has Welch's degrees of
 * freedom.
 *
 * @param slow - at least two
 * @param other - at least two
 * @param confidence - of the two-sided interval, for example 0.95
 */
export function liftOf(slow: readonly Episode[], other: readonly Episode[], confidence: number): Lift {
  const one = estimate(slow);
  const two = estimate(other);
  const variance = one.variance + two.variance;
  const freedom =
    variance ** 2 / (one.variance ** 2 / (slow.length - 1) + two.variance ** 2 / (other.length - 1));
  const reach = studentQuantile(confidence, freedom) * Math.sqrt(variance);
  const lift = one.smoothed / two.smoothed;
  return {
    slowShare: one.share,
    otherShare: two.share,
    lift,
    low: lift * Math.exp(-reach),
    high: lift * Math.exp(reach),
  };
}

interface Estimate {
  readonly share: Share;
  /** With half a hit more, so that it has a logarithm. */
  readonly smoothed: Share;
  /** Of the share's logarithm. */
  readonly variance: number;
}

function estimate(episodes: readonly Episode[]): Estimate {
  let hits = 0;
  let all = 0;
  for (const episode of episodes) {
    hits += episode.hits;
    all += episode.all;
  }
  // Without any sample nothing is known, and everything possible.
  all = Math.max(all, 1);
  const share = hits / all;
  const smoothed = (hits + 0.5) / all;
  let squares = 0;
  for (const episode of episodes) squares += (episode.hits - share * episode.all) ** 2;
  const observed = (squares * episodes.length) / ((episodes.length - 1) * all ** 2);
  const least = (smoothed * Math.max(0, 1 - smoothed)) / all;
  return { share, smoothed, variance: Math.max(observed, least) / smoothed ** 2 };
}
