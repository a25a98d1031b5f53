/** The figures that two sides are compared by. */
import { formatLatency, formatMegabytes, formatRate, significant } from '../report/format.ts';

export const metricIds = [
  'requestsPerSecond',
  'p50Ns',
  'p95Ns',
  'p99Ns',
  'cpuMicrosecondsPerRequest',
  'allocatedBytesPerRequest',
  'peakRssBytes',
] as const;
export type MetricId = (typeof metricIds)[number];

export interface ComparisonMetric {
  readonly label: string;
  /** 1: more is better; -1: less is. */
  readonly better: 1 | -1;
  readonly format: (value: number) => string;
}

export const comparisonMetrics: Readonly<Record<MetricId, ComparisonMetric>> = {
  requestsPerSecond: {
    label: 'Requests/second',
    better: 1,
    format: formatRate,
  },
  p50Ns: { label: 'Latency P50', better: -1, format: formatLatency },
  p95Ns: { label: 'Latency P95', better: -1, format: formatLatency },
  p99Ns: { label: 'Latency P99', better: -1, format: formatLatency },
  cpuMicrosecondsPerRequest: {
    label: 'CPU per request',
    better: -1,
    format: (value) => `${significant(value)} µs`,
  },
  allocatedBytesPerRequest: {
    label: 'Allocated per request',
    better: -1,
    format: (value) => `${significant(value)} B`,
  },
  peakRssBytes: { label: 'Peak memory (RSS)', better: -1, format: formatMegabytes },
};
