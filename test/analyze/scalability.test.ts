import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitScalability, type ScalingPoint } from '../../src/analyze/scalability.ts';

const workers = [1, 10, 50, 100, 500, 1000];

function law(
  lambda: number,
  sigma: number,
  kappa: number,
  noise: (index: number) => number = () => 0,
): ScalingPoint[] {
  return workers.map((n, index) => ({
    workers: n,
    requestsPerSecond: ((lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1))) * (1 + noise(index)),
  }));
}

describe('the fit of the Universal Scalability Law', () => {
  it('finds the parameters that made the points', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 10, max: 1e5, noNaN: true }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e-3, noNaN: true }),
        (lambda, sigma, kappa) => {
          const answer = fitScalability(law(lambda, sigma, kappa));
          if (!answer.ok) throw new Error(answer.reason);
          expect(answer.fit.lambda / lambda).toBeCloseTo(1, 3);
          expect(answer.fit.sigma / sigma).toBeCloseTo(1, 3);
          expect(answer.fit.kappa / kappa).toBeCloseTo(1, 3);
          expect(answer.fit.peakWorkers).toBeCloseTo(Math.sqrt((1 - answer.fit.sigma) / answer.fit.kappa), 6);
        },
      ),
      { seed: 7, numRuns: 100 },
    );
  });

  it('has no peak where throughput only levels off, and is near under noise', () => {
    const noisy = law(5000, 0.05, 0, (index) => (index % 2 === 0 ? 0.03 : -0.03));
    const answer = fitScalability(noisy);
    if (!answer.ok) throw new Error(answer.reason);
    expect(answer.fit.rSquared).toBeGreaterThan(0.95);
    expect(answer.fit.sigma).toBeGreaterThan(0.03);
    expect(answer.fit.sigma).toBeLessThan(0.07);
    expect(Math.max(...answer.fit.residuals.map(Math.abs))).toBeLessThan(0.06);
  });

  it('does not depend on the order of the runs', () => {
    const points = law(5000, 0.05, 1e-5);
    expect(fitScalability([...points].reverse())).toEqual(fitScalability(points));
  });

  it('refuses fewer than four numbers of workers, and what does not follow the law', () => {
    const few = fitScalability(law(1, 0.1, 0).slice(0, 3));
    expect(few).toEqual({ ok: false, reason: expect.stringContaining('there are 3') });
    const wild = workers.map((n, index) => ({
      workers: n,
      requestsPerSecond: index % 2 === 0 ? 100 : 90_000,
    }));
    expect(fitScalability(wild)).toEqual({ ok: false, reason: expect.stringContaining('does not fit') });
  });
});
