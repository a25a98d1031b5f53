import { describe, expect, it } from 'vitest';
import { bootstrapRatio } from '../../../src/analyze/statistics/bootstrap-ratio.ts';
import { randomStream } from '../../../src/analyze/statistics/random-stream.ts';

describe('the bootstrap interval of a ratio of medians', () => {
  it('equals the exact bootstrap distribution of three values against a constant', () => {
    // Of the 27 draws from 1, 2, 4 the median is 1 in 7, 2 in 13 and 4 in 7: the middle 95 % reach from 1 to 4.
    expect(bootstrapRatio([1, 1, 1], [1, 2, 4])).toEqual({ low: 1, high: 4 });
  });

  it('is one point where nothing varies', () => {
    expect(bootstrapRatio([2, 2, 2], [3, 3, 3])).toEqual({ low: 1.5, high: 1.5 });
  });

  it('is the same each time, and another one with another seed', () => {
    const [first, second] = [
      [10, 11, 12, 13, 14, 17],
      [11, 12, 14, 15, 18, 19],
    ] as const;
    expect(bootstrapRatio(first, second)).toEqual(bootstrapRatio(first, second));
    const seeds = [1, 2, 3, 4].map((seed) => bootstrapRatio(first, second, { seed, resamples: 100 })?.low);
    expect(new Set(seeds).size).toBeGreaterThan(1);
  });

  it('holds the true ratio in about 95 of 100 experiments', () => {
    const random = randomStream(7);
    const draw = (scale: number): number[] =>
      Array.from({ length: 12 }, () => scale * (1 + 0.1 * (random() + random() + random() - 1.5)));
    let held = 0;
    for (let experiment = 0; experiment < 400; experiment++) {
      const interval = bootstrapRatio(draw(10), draw(12), { resamples: 400, seed: experiment });
      if (interval !== null && interval.low <= 1.2 && interval.high >= 1.2) held++;
    }
    expect(held / 400).toBeGreaterThan(0.92);
    expect(held / 400).toBeLessThan(0.995);
  });

  it('is absent of single values and where a value is not above 0', () => {
    expect(bootstrapRatio([1], [1, 2])).toBeNull();
    expect(bootstrapRatio([0, 1], [1, 2])).toBeNull();
  });
});

describe('the stream of random numbers', () => {
  it('is even between 0 and 1', () => {
    const random = randomStream(1);
    const counts = new Array<number>(10).fill(0);
    for (let at = 0; at < 100_000; at++) {
      const bucket = Math.floor(random() * 10);
      counts[bucket] = (counts[bucket] as number) + 1;
    }
    // Chi-squared with 9 degrees of freedom: 27.9 is passed in one of a thousand.
    const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi).toBeLessThan(27.9);
  });
});
