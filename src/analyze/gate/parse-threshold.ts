/**
 * The grammar of `--threshold`. Pure.
 *
 *     threshold = metric operator limit
 *     operator  = "<" | "<=" | ">" | ">="
 *     limit     = number unit | number "x" "baseline"
 */
import { LabError } from '../../errors.ts';
import { type ThresholdMetric, thresholdMetrics } from './threshold-metrics.ts';

const operators = ['<', '<=', '>', '>='] as const;
export type ThresholdOperator = (typeof operators)[number];

export interface Threshold {
  /** As it was written. */
  readonly text: string;
  readonly metric: ThresholdMetric;
  readonly operator: ThresholdOperator;
  readonly limit:
    | { readonly kind: 'value'; readonly value: number }
    /** So many times the baseline's figure. */
    | { readonly kind: 'baseline'; readonly factor: number };
}

const shape = /^\s*([A-Za-z][A-Za-z0-9.]*)\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(.*?)\s*$/s;

/** @throws LabError `BAD_THRESHOLD`, `UNKNOWN_METRIC` */
export function parseThreshold(text: string): Threshold {
  const match = shape.exec(text);
  if (match === null) {
    throw bad(text, 'expected METRIC, one of < <= > >=, and a number with its unit');
  }
  const [, name, operator, digits, rest] = match as unknown as [string, string, string, string, string];
  const metric = thresholdMetrics.find((one) => one.name === name);
  if (metric === undefined) {
    throw new LabError({
      code: 'UNKNOWN_METRIC',
      message: `no metric "${name}" in the threshold "${text.trim()}"`,
      hint: `the metrics are ${metricNames()}`,
    });
  }
  const number = Number(digits);
  const common = { text: text.trim(), metric, operator: operator as ThresholdOperator };
  if (/^[x×*]\s*baseline$/.test(rest)) return { ...common, limit: { kind: 'baseline', factor: number } };
  const factor = Object.hasOwn(metric.units, rest) ? metric.units[rest] : undefined;
  if (factor === undefined) {
    const units = Object.keys(metric.units).filter((unit) => unit !== '');
    throw bad(
      text,
      `expected ${rest === '' ? 'a unit' : 'another unit'} behind ${digits}: ${units.join(', ')}, or x baseline`,
    );
  }
  return { ...common, limit: { kind: 'value', value: number * factor } };
}

/** All names, those of single operations by one example. */
function metricNames(): string {
  const plain = thresholdMetrics.map(({ name }) => name).filter((name) => !name.includes('.'));
  return `${plain.join(', ')}; latencies of one operation as connect.p95, announce.p99, scrape.max`;
}

function bad(text: string, expected: string): LabError {
  return new LabError({
    code: 'BAD_THRESHOLD',
    message: `the threshold "${text.trim()}" cannot be read: ${expected}`,
    hint: "for example 'p95<5ms', 'success>=99.9%', 'rps>=10000' or 'cpuPerRequest<=1.05x baseline'",
  });
}
