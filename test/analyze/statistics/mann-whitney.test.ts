import { describe, expect, it } from 'vitest';
import { mannWhitney } from '../../../src/analyze/statistics/mann-whitney.ts';

describe('the Mann-Whitney test', () => {
  // The example of scipy.stats.mannwhitneyu: ages at which diabetes was found in men and women.
  it('equals the exact example that SciPy documents', () => {
    const { u, p, method } = mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12]);
    expect({ u, method }).toEqual({ u: 17, method: 'exact' });
    expect(p).toBeCloseTo(0.1111111111111111, 12);
  });

  // NAG Library, routine G08AJF (exact, no ties): U 86, tail probability 0.0022.
  it('equals the exact example of NAG G08AJF', () => {
    const first = [13, 5.8, 11.7, 6.5, 12.3, 6.7, 9.2, 6.9, 10, 7.3, 16, 7, 10.5, 8.5, 9, 7.5];
    const second = [
      17, 6.2, 10.1, 8, 15.3, 8.2, 15, 9.6, 14.9, 10.4, 14.2, 9.8, 13.8, 11, 14, 11.1, 12.9, 11.6, 12.8, 12,
      13.1, 12.4, 11.9,
    ];
    const { u, p, method } = mannWhitney(first, second);
    expect({ u, method }).toEqual({ u: 86, method: 'exact' });
    expect((p / 2).toFixed(4)).toBe('0.0022');
  });

  // NAG Library, routine G08AMC (with ties): U 86, normal statistic -2.8039, approximate tail probability 0.0025.
  it('equals the example with ties of NAG G08AMC', () => {
    const first = [13, 6, 12, 7, 12, 7, 10, 7, 10, 7, 16, 7, 10, 8, 9, 8];
    const second = [17, 6, 10, 8, 15, 8, 15, 10, 15, 10, 14, 10, 14, 11, 14, 11, 13, 12, 13, 12, 13, 12, 12];
    const { u, p, method } = mannWhitney(first, second);
    expect({ u, method }).toEqual({ u: 86, method: 'normal' });
    expect((p / 2).toFixed(4)).toBe('0.0025');
  });

  it('gives the smallest p that six runs a side can have where they lie apart', () => {
    const { u, p } = mannWhitney([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]);
    expect(u).toBe(0);
    expect(p).toBeCloseTo(2 / 924, 12);
  });

  it('has no p below 1 where all values are equal', () => {
    expect(mannWhitney([1, 1, 1], [1, 1, 1]).p).toBe(1);
  });

  it('is the same whichever sample is named first', () => {
    const [one, other] = [
      [3.1, 4.7, 5.2, 9.9],
      [2.2, 4.1, 8.8],
    ] as const;
    expect(mannWhitney(one, other).p).toBeCloseTo(mannWhitney(other, one).p, 12);
  });

  it('counts 25 a side exactly, close to the normal approximation', () => {
    const first = Array.from({ length: 25 }, (_, index) => index * 2);
    const second = Array.from({ length: 25 }, (_, index) => index * 2 + 9);
    const exact = mannWhitney(first, second);
    const normal = mannWhitney([...first, 50], [...second, 50]);
    expect([exact.method, normal.method]).toEqual(['exact', 'normal']);
    expect(Math.abs(exact.p - normal.p)).toBeLessThan(0.02);
  });
});
