/** The statistics and the verdict of each figure of two sides. Pure. */
import { plural } from '../../plural.ts';
import { median } from '../series.ts';
import { bootstrapRatio, type RatioInterval } from '../statistics/bootstrap-ratio.ts';
import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import { holm } from '../statistics/holm.ts';
import { mannWhitney } from '../statistics/mann-whitney.ts';
import { COMPARABLE_RUNS } from '../thresholds.ts';
import { comparisonMetrics, type MetricId } from './comparison-metrics.ts';
import type { MetricComparison, Verdict } from './comparison-schema.ts';

/** Chance of one false alarm in a whole comparison. */
const LEVEL = 0.05;
/**
 * A change that nobody would act on. Source: measurement: the order of runs, the layout of memory and the like moved equal builds
 * by 1.3 % of CPU per request in one comparison of eight, where the runs of one side hardly differed (docs/comparison.md).
 */
const LEAST_CHANGE = 0.02;

export interface MetricValues {
  readonly metric: MetricId;
  /** In order of time. */
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export interface JudgeOptions {
  /** Of neighbouring runs of different sides; see `interleavedPairs`. */
  readonly pairs: number;
  /** Why no verdict is given at all; null: one is. */
  readonly barred: string | null;
  /** Of the bootstrap. */
  readonly resamples?: number;
}

/** All figures together, for the level holds for all of them at once. */
export function judgeMetrics(metrics: readonly MetricValues[], options: JudgeOptions): MetricComparison[] {
  const tests = metrics.map(({ a, b }) => (a.length < 2 || b.length < 2 ? null : mannWhitney(a, b)));
  const tested = tests.filter((test) => test !== null);
  const adjusted = holm(tested.map(({ p }) => p));
  return metrics.map(function judgeOne({ metric, a, b }, index): MetricComparison {
    const test = tests[index] ?? null;
    const mannWhitney =
      test === null ? null : { ...test, pAdjusted: adjusted[tested.indexOf(test)] as number };
    const { label, better } = comparisonMetrics[metric];
    const [middleA, middleB] = [median(a), median(b)];
    const ratio = intervalOf(a, b, options.resamples);
    const noise = noiseOf(a, b);
    const figures = {
      change: middleA === null || middleB === null || middleA === 0 ? null : middleB / middleA - 1,
      interval: ratio === null ? null : { low: ratio.low - 1, high: ratio.high - 1 },
      mannWhitney,
      cliffsDelta: a.length === 0 || b.length === 0 ? null : cliffsDelta(a, b),
      noise,
      leastChange: noise === null ? null : Math.max(LEAST_CHANGE, noise),
    };
    return {
      metric,
      label,
      moreIsBetter: better === 1,
      values: { a: [...a], b: [...b] },
      a: spreadOf(a),
      b: spreadOf(b),
      ...figures,
      ...verdictOf(figures, { better, runs: Math.min(a.length, b.length), ...options }),
    };
  });
}

/** Null of fewer than six runs a side: what is drawn from so few says little of what else could have been measured. */
function intervalOf(
  a: readonly number[],
  b: readonly number[],
  resamples: number | undefined,
): RatioInterval | null {
  if (Math.min(a.length, b.length) < COMPARABLE_RUNS) return null;
  return bootstrapRatio(a, b, resamples === undefined ? {} : { resamples });
}

type Figures = Pick<MetricComparison, 'change' | 'interval' | 'mannWhitney' | 'leastChange'>;

function verdictOf(
  { change, interval, mannWhitney, leastChange }: Figures,
  { better, runs, pairs, barred }: JudgeOptions & { readonly better: 1 | -1; readonly runs: number },
): { readonly verdict: Verdict; readonly reason: string } {
  if (runs === 0) return { verdict: 'not measured', reason: 'a side has no valid run with this figure' };
  if (barred !== null) return { verdict: 'not comparable', reason: barred };
  if (runs < COMPARABLE_RUNS) {
    return {
      verdict: 'not enough runs',
      reason: `${plural(runs, 'valid run')} a side, ${COMPARABLE_RUNS} needed`,
    };
  }
  if (pairs < COMPARABLE_RUNS) {
    return {
      verdict: 'not enough runs',
      reason: `${pairs} of the runs took turns with one of the other side, ${COMPARABLE_RUNS} needed: a machine that drifts would look like a change`,
    };
  }
  if (change === null || interval === null || mannWhitney === null || leastChange === null) {
    return { verdict: 'not measured', reason: 'a figure is 0, so that there is no ratio' };
  }
  const p = `adjusted p ${pText(mannWhitney.pAdjusted)}`;
  const none = (reason: string) => ({ verdict: 'no difference shown' as const, reason });
  if (mannWhitney.pAdjusted > LEVEL) return none(`${p}, above ${LEVEL}`);
  if (interval.low <= 0 && interval.high >= 0) return none('the 95 % interval holds no change at all');
  const least = `${(leastChange * 100).toFixed(1)} %`;
  if (Math.abs(change) < leastChange) {
    return none(
      `the change is below ${least}, by which runs of one side differ or which nobody would act on`,
    );
  }
  return {
    verdict: change * better > 0 ? 'better' : 'worse',
    reason: `${p}, and the change is above ${least}`,
  };
}

/** Two digits; never a bare 0. */
export function pText(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toLocaleString('en-US', { maximumSignificantDigits: 2 });
}

/**
 * The median of how much two runs of one side that follow each other differ, as a share of the side's median: what the same
 * build does from run to run, without the drift of the whole experiment.
 */
function noiseOf(...sides: readonly (readonly number[])[]): number | null {
  const steps = sides.flatMap((values) => {
    const middle = median(values);
    if (middle === null || middle === 0) return [];
    return values.slice(1).map((value, index) => Math.abs(value - (values[index] as number)) / middle);
  });
  return median(steps);
}

function spreadOf(values: readonly number[]): MetricComparison['a'] {
  const middle = median(values);
  return middle === null ? null : { median: middle, min: Math.min(...values), max: Math.max(...values) };
}
