import { describe, expect, it } from 'vitest';
import { cliffsDelta } from '../../../src/analyze/statistics/cliffs-delta.ts';
import { holm } from '../../../src/analyze/statistics/holm.ts';

describe("Cliff's delta", () => {
  // Hogarty and Kromrey 1999, as the R package effsize documents it: delta estimate -0.25 of treatment against control.
  it('equals the published example', () => {
    const treatment = [10, 10, 20, 20, 20, 30, 30, 30, 40, 50];
    const control = [10, 20, 30, 40, 40, 50];
    expect(cliffsDelta(control, treatment)).toBeCloseTo(-0.25, 12);
  });

  it('is 1 or -1 where the samples lie apart', () => {
    expect(cliffsDelta([1, 2], [3, 4])).toBe(1);
    expect(cliffsDelta([3, 4], [1, 2])).toBe(-1);
    expect(cliffsDelta([1, 2], [1, 2])).toBe(0);
  });
});

describe("Holm's adjustment", () => {
  // The worked example of four p-values in the literature on step-down tests: 0.01, 0.04, 0.03, 0.005.
  it('equals the worked example', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    expect(adjusted.map((p) => Number(p.toFixed(6)))).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it('never goes above 1 and keeps the order of the tests', () => {
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});
