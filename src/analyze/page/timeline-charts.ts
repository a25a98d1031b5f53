/** The charts over a run's time, from its timeline. Pure. */

import type { ChartSeries, Timeline, TimelineChart } from '../../page-data.ts';
import { gcKinds, type LoadRow, type ProcessRow, type RuntimeRow } from '../../run.ts';
import type { Milliseconds, RunMilliseconds } from '../../units.ts';
import type { Evidence } from '../evidence.ts';
import { greatest } from '../extremes.ts';
import type { Report } from '../report/report-schema.ts';
import { STALL_NS } from '../thresholds.ts';

/** More points than a chart has pixels say nothing. A longer run has spans of several seconds. */
const MOST_POINTS = 900;
/** CPU times come in steps of 10 ms, so a shorter span would show those steps. */
const LEAST_SPAN_MS: Milliseconds = 950;
const NS_PER_MS = 1e6;

/**
 * @param whenSlow - of the report, for the spans in which it was slow
 * @returns null where the run has no timeline
 */
export function timelineOf(evidence: Evidence, whenSlow: Report['whenSlow']): Timeline | null {
  const last = evidence.timeline.at(-1);
  if (last === undefined) return null;
  const { phases } = evidence.run;
  const endMs = Math.max(last.atMs, ...phases.map((phase) => phase.endMs));
  const runtime = evidence.timeline.filter((row) => row.kind === 'runtime');
  const stalls = runtime.filter((row) => row.eventLoopDelayNsMax >= STALL_NS);
  return {
    endS: seconds(endMs),
    phases: phases.map(({ phase, startMs, endMs: end }) => ({
      name: phase,
      startS: seconds(startMs),
      endS: seconds(end),
    })),
    stalls: longest(stalls, MOST_POINTS).map((row) => ({
      atS: seconds(row.atMs),
      delayMs: ms(row.eventLoopDelayNsMax),
    })),
    stallCount: stalls.length,
    slowSpans: (whenSlow?.slices?.slowSpans ?? []).map(({ startMs, endMs: slowEndMs }) => ({
      startS: seconds(startMs),
      endS: seconds(slowEndMs),
    })),
    charts: [
      ...loadCharts(evidence, endMs),
      ...processCharts(evidence, endMs),
      ...runtimeCharts(runtime, endMs),
    ]
      .map((chart) => ({ ...chart, series: chart.series.filter(isMeasured) }))
      .filter(({ x, series }) => x.length > 0 && series.length > 0),
  };
}

/** The longest stalls, in order of time. */
function longest(stalls: readonly RuntimeRow[], most: number): RuntimeRow[] {
  if (stalls.length <= most) return [...stalls];
  return [...stalls]
    .sort((one, other) => other.eventLoopDelayNsMax - one.eventLoopDelayNsMax)
    .slice(0, most)
    .sort((one, other) => one.atMs - other.atMs);
}

function isMeasured({ values }: ChartSeries): boolean {
  return values.some((value) => value !== null);
}

function loadCharts(evidence: Evidence, endMs: RunMilliseconds): TimelineChart[] {
  const rows = evidence.timeline.filter((row) => row.kind === 'load');
  const spans = groups(rows, spanMs(endMs), (row) => row.phase);
  const x = spans.map((span) => seconds((span.at(-1) as LoadRow).atMs));
  const kernel = evidence.timeline.filter((row) => row.kind === 'process');
  const rate = (of: (row: LoadRow) => number): number[] =>
    spans.map((span) => round((sum(span, of) * 1000) / sum(span, (row) => row.spanMs)));
  const worst = (of: (row: LoadRow) => number | null): (number | null)[] =>
    spans.map((span) => {
      const values = span.map(of).filter((value) => value !== null);
      return values.length === 0 ? null : ms(greatest(values));
    });
  return [
    {
      id: 'rps',
      unit: 'req/s',
      logarithmic: false,
      x,
      series: [
        { label: 'Answered', values: rate((row) => row.succeeded) },
        { label: 'Sent', values: rate((row) => row.sent), faint: true },
      ],
    },
    {
      id: 'latency',
      unit: 'ms',
      logarithmic: true,
      x,
      series: [
        { label: 'P50', values: worst((row) => row.latencyNsP50) },
        { label: 'P95', values: worst((row) => row.latencyNsP95) },
        { label: 'P99', values: worst((row) => row.latencyNsP99) },
        { label: 'Max', values: worst((row) => row.latencyNsMax), faint: true },
      ],
    },
    {
      id: 'losses',
      unit: 'req/s',
      logarithmic: false,
      x,
      series: [
        { label: 'Timed out', values: rate((row) => row.timedOut) },
        { label: 'Error replies', values: rate((row) => row.errorReplies) },
        { label: 'Malformed replies', values: rate((row) => row.malformedReplies) },
        { label: 'Refused by the socket', values: rate((row) => row.sendFailed) },
        {
          label: "Dropped at the tracker's socket",
          values: spans.map((span) => drops(kernel, span)),
          faint: true,
        },
      ],
    },
  ];
}

/** Datagrams a second that the tracker's sockets dropped in a span; null where they were not counted. */
function drops(kernel: readonly ProcessRow[], span: readonly LoadRow[]): number | null {
  const endMs = (span.at(-1) as LoadRow).atMs;
  const startMs = (span[0] as LoadRow).atMs - (span[0] as LoadRow).spanMs;
  const before = kernel.findLast((row) => row.atMs <= startMs) ?? kernel[0];
  const after = kernel.findLast((row) => row.atMs <= endMs);
  if (before?.socketDrops == null || after?.socketDrops == null || after.atMs < before.atMs) return null;
  return round(((after.socketDrops - before.socketDrops) * 1000) / (endMs - startMs));
}

function processCharts(evidence: Evidence, endMs: RunMilliseconds): TimelineChart[] {
  const rows = evidence.timeline.filter((row) => row.kind === 'process');
  const runtime = evidence.timeline.filter((row) => row.kind === 'runtime');
  const machine = evidence.timeline.filter((row) => row.kind === 'machine');
  const steps = pairs(rows, spanMs(endMs));
  const percentOf = (of: (row: ProcessRow) => number): number[] =>
    steps.map(([from, to]) => round(((of(to) - of(from)) / (to.atMs - from.atMs)) * 100));
  const atEnd = steps.map(([, to]) => to.atMs);
  const heap = (of: (row: RuntimeRow) => number): (number | null)[] =>
    atEnd.map((atMs, index) => {
      const row = runtime.findLast((one) => one.atMs <= atMs);
      // A row of a span before this one would draw a line where nothing was sampled.
      return row === undefined || row.atMs < (steps[index]?.[0].atMs ?? 0) ? null : of(row);
    });
  const lab = steps.map(([from, to]) => {
    const first = machine.findLast((row) => row.atMs <= from.atMs);
    const last = machine.findLast((row) => row.atMs <= to.atMs);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
    return round(((last.labMs - first.labMs) / (last.atMs - first.atMs)) * 100);
  });
  const x = atEnd.map(seconds);
  return [
    {
      id: 'cpu',
      unit: '%',
      logarithmic: false,
      x,
      series: [
        { label: 'User', values: percentOf((row) => row.cpuUserMs) },
        { label: 'System', values: percentOf((row) => row.cpuSystemMs) },
        { label: 'Waiting for a core', values: percentOf((row) => row.runQueueDelayMs), faint: true },
        { label: 'Load generator', values: lab, faint: true },
      ],
    },
    {
      id: 'memory',
      unit: 'bytes',
      logarithmic: false,
      x,
      series: [
        { label: 'Resident (RSS)', values: steps.map(([, to]) => to.rssBytes) },
        { label: 'Heap used', values: heap((row) => row.heapUsedBytes) },
        { label: 'External', values: heap((row) => row.externalBytes) },
        { label: 'Array buffers', values: heap((row) => row.arrayBuffersBytes) },
        { label: 'Heap reserved', values: heap((row) => row.heapTotalBytes), faint: true },
      ],
    },
  ];
}

function runtimeCharts(rows: readonly RuntimeRow[], endMs: RunMilliseconds): TimelineChart[] {
  const steps = pairs(rows, spanMs(endMs));
  const x = steps.map(([, to]) => seconds(to.atMs));
  const within = (of: (row: RuntimeRow) => number): number[] =>
    steps.map(([from, to]) =>
      ms(greatest(rows.filter((row) => row.atMs > from.atMs && row.atMs <= to.atMs).map(of))),
    );
  return [
    {
      id: 'gc',
      unit: 'ms/s',
      logarithmic: false,
      x,
      series: gcKinds.map((kind) => ({
        label: kind === 'weakcb' ? 'weak callbacks' : kind,
        values: steps.map(([from, to]) =>
          round(((to.gc[kind].ms - from.gc[kind].ms) * 1000) / (to.atMs - from.atMs)),
        ),
      })),
    },
    {
      id: 'loop',
      unit: 'ms',
      logarithmic: true,
      x,
      series: [
        { label: 'P50', values: within((row) => row.eventLoopDelayNsP50) },
        { label: 'P99', values: within((row) => row.eventLoopDelayNsP99) },
        { label: 'Max', values: within((row) => row.eventLoopDelayNsMax), faint: true },
      ],
    },
  ];
}

function spanMs(endMs: RunMilliseconds): Milliseconds {
  return Math.max(LEAST_SPAN_MS, endMs / MOST_POINTS);
}

/** Rows in groups of at least a span; a group never crosses a change of key. */
function groups<Row extends LoadRow>(
  rows: readonly Row[],
  least: Milliseconds,
  keyOf: (row: Row) => string,
): Row[][] {
  const all: Row[][] = [];
  let length = 0;
  for (const row of rows) {
    const open = all.at(-1);
    const isOpen = open !== undefined && length < least && keyOf(open[0] as Row) === keyOf(row);
    if (isOpen) open.push(row);
    else all.push([row]);
    length = isOpen ? length + row.spanMs : row.spanMs;
  }
  return all;
}

/** Pairs of rows that are at least a span apart, each beginning where the one before ends. */
function pairs<Row extends { readonly atMs: RunMilliseconds }>(
  rows: readonly Row[],
  least: Milliseconds,
): (readonly [Row, Row])[] {
  const all: (readonly [Row, Row])[] = [];
  let from = rows[0];
  for (const row of rows) {
    if (from === undefined || row.atMs - from.atMs < least) continue;
    all.push([from, row]);
    from = row;
  }
  return all;
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function seconds(valueMs: Milliseconds): number {
  return Math.round(valueMs) / 1000;
}

function ms(valueNs: number): number {
  return round(valueNs / NS_PER_MS);
}

/** Five significant digits: more are not seen. */
function round(value: number): number {
  return Number(value.toPrecision(5));
}
