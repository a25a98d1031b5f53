/** The Universal Scalability Law: how throughput grows with workers, and what holds it back. Pure. */
import { LEAST_FIT_POINTS, LEAST_R_SQUARED } from './thresholds.ts';

/** One run: workers, and requests a second. */
export interface ScalingPoint {
  readonly workers: number;
  readonly requestsPerSecond: number;
}

/** `X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))` */
export interface ScalabilityFit {
  /** Requests a second of one worker alone. */
  readonly lambda: number;
  /** Part of the work that only one worker at a time can do (contention): at 1 throughput does not grow at all. */
  readonly sigma: number;
  /** Cost of agreeing with each other worker (coherence): above 0 throughput falls again past its peak. */
  readonly kappa: number;
  /** Workers at which throughput peaks; null where it has no peak. */
  readonly peakWorkers: number | null;
  /** Part of the variance of the throughput that the law explains, at most 1. */
  readonly rSquared: number;
  /** Measured less fitted, over measured, a point each in order of workers. */
  readonly residuals: readonly number[];
}

export type ScalabilityAnswer =
  | { readonly ok: true; readonly fit: ScalabilityFit }
  | { readonly ok: false; readonly reason: string };

const ITERATIONS = 200;
const CLOSE_ENOUGH = 1e-12;

type Parameters = readonly [lambda: number, sigma: number, kappa: number];

/**
 * Fits the law by least squares of the relative errors, so that the small runs count as much as the large: a linear start,
 * then Levenberg and Marquardt's steps.
 *
 * @param points - at least four different numbers of workers; order does not matter
 * @returns why not, where they are too few or the law does not fit
 * @see Gunther, Guerrilla Capacity Planning, 2007
 */
export function fitScalability(points: readonly ScalingPoint[]): ScalabilityAnswer {
  const usable = points
    .filter(({ workers, requestsPerSecond }) => workers > 0 && requestsPerSecond > 0)
    .sort((a, b) => a.workers - b.workers || a.requestsPerSecond - b.requestsPerSecond);
  const different = new Set(usable.map(({ workers }) => workers)).size;
  if (different < LEAST_FIT_POINTS) {
    return {
      ok: false,
      reason: `it needs ${LEAST_FIT_POINTS} different numbers of workers, there are ${different}`,
    };
  }
  const [lambda, sigma, kappa] = refine(linearStart(usable), usable);
  const fitted = usable.map(({ workers }) => fittedThroughput({ lambda, sigma, kappa }, workers));
  const residuals = usable.map((point, index) => 1 - (fitted[index] as number) / point.requestsPerSecond);
  const rSquared = explained(usable, fitted);
  if (!Number.isFinite(rSquared) || rSquared < LEAST_R_SQUARED) {
    return {
      ok: false,
      reason: `the law does not fit: it explains ${(Math.max(0, rSquared) * 100).toFixed(0)} % of the variance, ${LEAST_R_SQUARED * 100} % are needed`,
    };
  }
  const peakWorkers = kappa > 0 && sigma < 1 ? Math.sqrt((1 - sigma) / kappa) : null;
  return { ok: true, fit: { lambda, sigma, kappa, peakWorkers, rSquared, residuals } };
}

/** Requests a second that the law gives for a number of workers. */
export function fittedThroughput(
  { lambda, sigma, kappa }: Pick<ScalabilityFit, 'lambda' | 'sigma' | 'kappa'>,
  workers: number,
): number {
  return throughput([lambda, sigma, kappa], workers);
}

function throughput([lambda, sigma, kappa]: Parameters, workers: number): number {
  return (lambda * workers) / (1 + sigma * (workers - 1) + kappa * workers * (workers - 1));
}

/** `N / X` is linear in 1/lambda, sigma/lambda and kappa/lambda; weighted so that errors are relative. */
function linearStart(points: readonly ScalingPoint[]): Parameters {
  const rows = points.map(({ workers, requestsPerSecond }) => {
    const weight = requestsPerSecond / workers;
    return [weight, (workers - 1) * weight, workers * (workers - 1) * weight];
  });
  const [a = 0, b = 0, c = 0] =
    solveNormal(
      rows,
      rows.map(() => 1),
      0,
    ) ?? [];
  if (a > 0) return [1 / a, Math.max(0, b / a), Math.max(0, c / a)];
  const [first] = points;
  return [first === undefined ? 1 : first.requestsPerSecond / first.workers, 0.5, 0];
}

function refine(start: Parameters, points: readonly ScalingPoint[]): Parameters {
  let best = start;
  let error = squaredError(best, points);
  let damping = 1e-3;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const rows = points.map((point) => gradient(best, point));
    const gaps = points.map((point) => 1 - throughput(best, point.workers) / point.requestsPerSecond);
    const step = solveNormal(rows, gaps, damping);
    if (step === null) return best;
    const next: Parameters = [
      // In relative steps: lambda may be 10^5, kappa 10^-6.
      Math.max(Number.MIN_VALUE, best[0] * (1 + Math.max(-0.9, step[0] as number))),
      Math.max(0, best[1] + (step[1] as number)),
      Math.max(0, best[2] + (step[2] as number)),
    ];
    const nextError = squaredError(next, points);
    if (nextError < error) {
      const gain = error - nextError;
      best = next;
      error = nextError;
      damping = Math.max(1e-12, damping / 10);
      if (gain < CLOSE_ENOUGH * error || error === 0) return best;
    } else {
      damping *= 10;
      if (damping > 1e12) return best;
    }
  }
  return best;
}

/** Derivatives of the fitted over the measured throughput, by ln lambda, sigma and kappa. */
function gradient(parameters: Parameters, { workers, requestsPerSecond }: ScalingPoint): number[] {
  const [, sigma, kappa] = parameters;
  const divisor = 1 + sigma * (workers - 1) + kappa * workers * (workers - 1);
  const relative = throughput(parameters, workers) / requestsPerSecond;
  return [relative, (-relative * (workers - 1)) / divisor, (-relative * workers * (workers - 1)) / divisor];
}

function squaredError(parameters: Parameters, points: readonly ScalingPoint[]): number {
  return points.reduce(
    (sum, point) => sum + (1 - throughput(parameters, point.workers) / point.requestsPerSecond) ** 2,
    0,
  );
}

function explained(points: readonly ScalingPoint[], fitted: readonly number[]): number {
  const mean = points.reduce((sum, point) => sum + point.requestsPerSecond, 0) / points.length;
  let [left, all] = [0, 0];
  for (const [index, { requestsPerSecond }] of points.entries()) {
    left += (requestsPerSecond - (fitted[index] as number)) ** 2;
    all += (requestsPerSecond - mean) ** 2;
  }
  return all === 0 ? 1 : 1 - left / all;
}

/** Solves three normal equations, their diagonal raised by the damping; null where they are singular. */
function solveNormal(rows: readonly number[][], right: readonly number[], damping: number): number[] | null {
  const matrix = [0, 1, 2].map((i) =>
    [0, 1, 2, 3].map((j) =>
      rows.reduce((sum, row, at) => sum + (row[i] as number) * ((j === 3 ? right[at] : row[j]) as number), 0),
    ),
  );
  for (let i = 0; i < 3; i++) {
    const row = matrix[i] as number[];
    row[i] = (row[i] as number) * (1 + damping);
  }
  return eliminate(matrix);
}

function eliminate(matrix: number[][]): number[] | null {
  const at = (row: number, column: number): number => matrix[row]?.[column] as number;
  for (let pivot = 0; pivot < 3; pivot++) {
    let most = pivot;
    for (let row = pivot + 1; row < 3; row++)
      if (Math.abs(at(row, pivot)) > Math.abs(at(most, pivot))) most = row;
    [matrix[pivot], matrix[most]] = [matrix[most] as number[], matrix[pivot] as number[]];
    const divisor = at(pivot, pivot);
    if (divisor === 0 || !Number.isFinite(divisor)) return null;
    for (let row = 0; row < 3; row++) {
      if (row === pivot) continue;
      const factor = at(row, pivot) / divisor;
      for (let column = pivot; column < 4; column++) {
        (matrix[row] as number[])[column] = at(row, column) - factor * at(pivot, column);
      }
    }
  }
  return [0, 1, 2].map((row) => at(row, 3) / at(row, row));
}
