import type { LoadRow, PhaseName } from '../../run.ts';
import type { RunMilliseconds } from '../../units.ts';
import type { IntervalReport } from './interval-tally.ts';
import { addHistograms } from './latency-histogram.ts';

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
  const encoded = intervals.flatMap(({ latency }) => (latency === null ? [] : [latency]));
  const latency = encoded.length === 0 ? null : addHistograms(encoded);
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
    latencyNsP50: latency?.getValueAtPercentile(50) ?? null,
    latencyNsP95: latency?.getValueAtPercentile(95) ?? null,
    latencyNsP99: latency?.getValueAtPercentile(99) ?? null,
    latencyNsMax: latency?.maxValue ?? null,
  };
}
