/** The figures that a threshold can be on, with their units and where they stand in a report. Pure. */
import { type Operation, operations } from '../../run.ts';
import { formatLatency, formatMegabytes, formatRate, formatShare, significant } from '../report/format.ts';
import type { HistoryRow, Report } from '../report/report-schema.ts';

type Phase = NonNullable<Report['phases']['clean']>;

export interface ThresholdMetric {
  readonly name: string;
  /** Factor to the figure's own unit, by the units that may be written; an empty text: none is needed. */
  readonly units: Readonly<Record<string, number>>;
  readonly format: (value: number) => string;
  /** Null where it was not measured. */
  readonly read: (report: Report) => number | null;
  /** The same of a line of the history; null where that does not keep it. */
  readonly readRow: ((row: HistoryRow) => number | null) | null;
}

const times = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 } as const;
const microseconds = { ns: 1e-3, us: 1, µs: 1, ms: 1e3 } as const;
const shares = { '%': 0.01 } as const;
const sizes = { B: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 ** 2, GB: 1e9, GiB: 1024 ** 3 } as const;
const rates = { '': 1, '/s': 1, 'req/s': 1 } as const;

const percentiles = {
  p50: 'p50Ns',
  p95: 'p95Ns',
  p99: 'p99Ns',
  p999: 'p999Ns',
  mean: 'meanNs',
  max: 'maxNs',
} as const;

/** In the order in which they are listed to the reader. Figures are of the clean phase where nothing else is said. */
export const thresholdMetrics: readonly ThresholdMetric[] = [
  {
    name: 'rps',
    units: rates,
    format: (value) => `${formatRate(value)} req/s`,
    read: clean((phase) => phase.requestsPerSecond),
    readRow: (row) => row.requestsPerSecond,
  },
  {
    name: 'success',
    units: shares,
    format: formatShare,
    read: clean((phase) => phase.successShare),
    readRow: (row) => (row.errorShare === null ? null : 1 - row.errorShare),
  },
  {
    name: 'errors',
    units: shares,
    format: formatShare,
    read: clean((phase) => phase.errorShare),
    readRow: (row) => row.errorShare,
  },
  ...Object.entries(percentiles).map(([name, field]): ThresholdMetric => latency(name, field, null)),
  ...operations.flatMap((operation) =>
    Object.entries(percentiles).map(([name, field]) => latency(`${operation}.${name}`, field, operation)),
  ),
  {
    name: 'cpuPerRequest',
    units: microseconds,
    format: (value) => `${significant(value)} µs`,
    read: clean((phase) => phase.target.cpuMicrosecondsPerRequest),
    readRow: (row) => row.cpuMicrosecondsPerRequest,
  },
  {
    name: 'cpu',
    units: shares,
    format: formatShare,
    read: clean((phase) => phase.target.cpuShare),
    readRow: null,
  },
  {
    name: 'gc',
    units: shares,
    format: formatShare,
    read: clean((phase) => phase.target.gcTimeShare),
    readRow: null,
  },
  {
    name: 'allocatedPerRequest',
    units: sizes,
    format: (value) => `${significant(value)} B`,
    read: allocatedPerRequest,
    readRow: null,
  },
  {
    name: 'rss',
    units: sizes,
    format: formatMegabytes,
    read: (report) => report.memory.rss?.peakBytes ?? null,
    readRow: null,
  },
  {
    name: 'memoryGrowth',
    units: sizes,
    format: formatMegabytes,
    read: (report) => report.memory.rss?.growthBytes ?? null,
    readRow: (row) => row.memoryGrowthBytes,
  },
];

function clean(read: (phase: Phase) => number | null): (report: Report) => number | null {
  return (report) => (report.phases.clean === null ? null : read(report.phases.clean));
}

function latency(
  name: string,
  field: (typeof percentiles)[keyof typeof percentiles],
  operation: Operation | null,
): ThresholdMetric {
  return {
    name,
    units: times,
    format: formatLatency,
    read: clean((phase) => {
      const summary = operation === null ? phase.latency : phase.operations[operation].latency;
      return summary?.[field] ?? null;
    }),
    readRow: name === 'p95' ? (row) => row.p95Ns : null,
  };
}

/** By the sampling heap profiler in the profiled phase. */
function allocatedPerRequest({ top, phases }: Report): number | null {
  const table = top.allocations?.raw;
  if (table === undefined || table.valueType.unit !== 'bytes' || phases.profiled === null) return null;
  const { succeeded, errorReplies, malformedReplies } = phases.profiled.requests;
  const answered = succeeded + errorReplies + malformedReplies;
  return answered === 0 ? null : table.total / answered;
}
