import { describe, expect, it } from 'vitest';
import { simulate } from '../../../bench/comparison-accuracy.ts';

describe('a comparison, over 200 simulated experiments', () => {
  it('calls equal builds worse in at most 3 of 100', () => {
    const { worse, any } = simulate({ runs: 6, noise: 0.02, slowdown: 0, experiments: 200 });
    expect(worse).toBeLessThanOrEqual(0.03);
    expect(any).toBeLessThanOrEqual(0.05);
  });

  it('finds a slowdown of a tenth with 8 runs a side in at least 85 of 100', () => {
    const { worse } = simulate({ runs: 8, noise: 0.02, slowdown: 0.1, experiments: 200 });
    expect(worse).toBeGreaterThanOrEqual(0.85);
  });

  it('gives no verdict with five runs a side, whatever the slowdown', () => {
    const { any } = simulate({ runs: 5, noise: 0.01, slowdown: 0.5, experiments: 50 });
    expect(any).toBe(0);
  });
});
