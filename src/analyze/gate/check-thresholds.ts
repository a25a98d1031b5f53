/** Holds a report against thresholds. Pure. */
import { z } from 'zod';
import { comparableRows, type History, historyRow } from '../history.ts';
import type { HistoryRow, Report } from '../report/report-schema.ts';
import { isOtherEnvironment } from '../same-environment.ts';
import { median } from '../series.ts';
import type { Threshold, ThresholdOperator } from './parse-threshold.ts';
import type { ThresholdMetric } from './threshold-metrics.ts';

/** What `x baseline` is a multiple of. */
export type Baseline =
  | { readonly kind: 'run'; readonly report: Report }
  /** The median of the valid runs before, of the same scenario, load, tracker and machine. */
  | { readonly kind: 'history'; readonly history: History };

export const thresholdsSchema = z.object({
  schemaVersion: z.literal(1),
  runId: z.string(),
  passed: z.boolean(),
  results: z.array(
    z.object({
      threshold: z.string(),
      metric: z.string(),
      /** In the metric's own unit: ns, bytes, µs, requests a second, or a share; null: not measured. */
      value: z.number().nullable(),
      /** Null: there is no baseline. */
      limit: z.number().nullable(),
      /** A figure that was not measured, or has no baseline, does not pass. */
      passed: z.boolean(),
      /** For a person: the figure with its unit, against the limit. */
      observed: z.string(),
    }),
  ),
});
export type ThresholdsDocument = z.infer<typeof thresholdsSchema>;
export type ThresholdResult = ThresholdsDocument['results'][number];

/** In the order in which they are given. */
export function checkThresholds(
  thresholds: readonly Threshold[],
  report: Report,
  baseline: Baseline,
): ThresholdsDocument {
  const results = thresholds.map((threshold) => checkOne(threshold, report, baseline));
  return {
    schemaVersion: 1,
    runId: report.runId,
    passed: results.every(({ passed }) => passed),
    results,
  };
}

const holds: Readonly<Record<ThresholdOperator, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function checkOne(
  { text, metric, operator, limit }: Threshold,
  report: Report,
  baseline: Baseline,
): ThresholdResult {
  const value = metric.read(report);
  const head = { threshold: text, metric: metric.name, value };
  if (value === null) {
    return { ...head, limit: null, passed: false, observed: 'not measured, so it cannot be said to hold' };
  }
  if (limit.kind === 'value') {
    return {
      ...head,
      limit: limit.value,
      passed: holds[operator](value, limit.value),
      observed: metric.format(value),
    };
  }
  const base = baselineOf(metric, report, baseline);
  if (base.value === null) {
    return { ...head, limit: null, passed: false, observed: `${metric.format(value)}; ${base.told}` };
  }
  const most = base.value * limit.factor;
  return {
    ...head,
    limit: most,
    passed: holds[operator](value, most),
    observed: `${metric.format(value)} against ${metric.format(most)}: ${limit.factor} times ${base.told}`,
  };
}

interface BaselineFigure {
  readonly value: number | null;
  /** Where it is from, or why there is none. */
  readonly told: string;
}

function baselineOf(metric: ThresholdMetric, report: Report, baseline: Baseline): BaselineFigure {
  const row = historyRow(report);
  if (baseline.kind === 'run') {
    const other = baseline.report;
    if (isOtherEnvironment(row, historyRow(other))) {
      return { value: null, told: `the baseline ${other.runId} was measured on another machine` };
    }
    if (!other.valid) return { value: null, told: `the baseline ${other.runId} is not valid` };
    const value = metric.read(other);
    return { value, told: value === null ? `${other.runId} did not measure it` : `that of ${other.runId}` };
  }
  const { readRow } = metric;
  if (readRow === null) return { value: null, told: 'the history does not keep it: pass --baseline RUN' };
  const rows = comparableRows(baseline.history, row).filter((one) => counts(one, row));
  const middle = median(rows.map(readRow).filter((value) => value !== null));
  return middle === null
    ? { value: null, told: 'there is no earlier valid run of this scenario, tracker and machine' }
    : { value: middle, told: `the median of ${rows.length} earlier runs` };
}

function counts(one: HistoryRow, row: HistoryRow): boolean {
  return one.valid && !one.partial && !isOtherEnvironment(row, one);
}
