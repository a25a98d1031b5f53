import type { LoadRow, PhaseName } from '../../run.ts';
import type { RunMilliseconds } from '../../units.ts';
import type { IntervalReport } from './interval-tally.ts';
import { pairPercentiles } from './pair-percentiles.ts';

/** The time that a row covers, and the phase in which it lies wholly. */
export interface RowSpan {
  readonly startMs: RunMilliseconds;
  readonly endMs: RunMilliseconds;
  readonly phase: PhaseName;
}

/** Adds the threads' intervals up to one row of the timeline. */
export function mergeIntervals(span: RowSpan, intervals: readonly IntervalReport[]): LoadRow {
  const sum = (field: Exclude<keyof IntervalReport, 'latency'>): number =>
    intervals.reduce((total, interval) => total + interval[field], 0);
  const parts = intervals.flatMap(({ latency }) => (latency === null ? [] : [latency]));
  const [p50 = null, p95 = null, p99 = null, most = null] =
    parts.length === 0 ? [] : pairPercentiles(parts, [50, 95, 99, 100]);
  return {
    kind: 'load',
    atMs: span.endMs,
    spanMs: span.endMs - span.startMs,
    phase: span.phase,
    sent: sum('sent'),
    succeeded: sum('succeeded'),
    timedOut: sum('timedOut'),
    errorReplies: sum('errorReplies'),
    malformedReplies: sum('malformedReplies'),
    sendFailed: sum('sendFailed'),
    latencyNsP50: p50,
    latencyNsP95: p95,
    latencyNsP99: p99,
    latencyNsMax: most,
  };
}
