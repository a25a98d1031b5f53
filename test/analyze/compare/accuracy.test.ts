import { describe, expect, it } from 'vitest';
import { simulate } from '../../../bench/comparison-accuracy.ts';

describe('a comparison, over simulated experiments', () => {
  it('calls equal builds anything in at most 1 of 100, with 6 runs a side', async () => {
    const { worse, any } = await simulate({
      runs: 6,
      noise: 0.02,
      slowdown: 0,
      experiments: 1000,
      resamples: 200,
    });
    expect(worse).toBeLessThanOrEqual(0.006);
    expect(any).toBeLessThanOrEqual(0.01);
  });

  it('finds a slowdown of a tenth with 8 runs a side in at least 85 of 100', async () => {
    const { worse } = await simulate({
      runs: 8,
      noise: 0.02,
      slowdown: 0.1,
      experiments: 200,
      resamples: 200,
    });
    expect(worse).toBeGreaterThanOrEqual(0.85);
  });

  it('gives no verdict with five runs a side, whatever the slowdown', async () => {
    const { any } = await simulate({ runs: 5, noise: 0.01, slowdown: 0.5, experiments: 50 });
    expect(any).toBe(0);
  });
});
