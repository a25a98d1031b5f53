/** How steady a phase was: its figures second by second. Pure. */

import type { LoadRow, PhaseName, ProcessRow } from '../run.ts';
import type { Milliseconds, RunMilliseconds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { greatest, least } from './extremes.ts';
import { loadRows, median } from './series.ts';

/** The last row of a phase may be a rest; a rate over less than this says little. */
const LEAST_SPAN_MS: Milliseconds = 500;
/** With fewer values on a side, quartiles are the ends. */
const LEAST_SECONDS_FOR_NOISE = 4;

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Over the seconds of one phase. */
export interface OverSeconds {
  readonly seconds: number;
  readonly requestsPerSecond: Spread;
  /** Of the seconds in which something was answered; null: in none. */
  readonly latencyNsP95: Spread | null;
}

/** Null with fewer than two seconds. */
export function overSeconds(evidence: Evidence, phase: PhaseName): OverSeconds | null {
  const rows = wholeRows(evidence, phase);
  const requestsPerSecond = spreadOf(rows.map(ratePerSecond));
  if (rows.length < 2 || requestsPerSecond === null) return null;
  return { seconds: rows.length, requestsPerSecond, latencyNsP95: spreadOf(rows.flatMap(p95)) };
}

/** Whether a difference between the two phases is no larger than between the seconds of each; null: too few seconds. */
interface WithinNoise {
  readonly requestsPerSecond: boolean | null;
  readonly cpuPerRequest: boolean | null;
  readonly latencyNsP95: boolean | null;
}

/** A difference is within noise where the middle halves of the seconds of both phases overlap. */
export function withinNoise(evidence: Evidence): WithinNoise {
  const [clean, profiled] = [wholeRows(evidence, 'clean'), wholeRows(evidence, 'profiled')];
  const compare = (of: (rows: readonly LoadRow[]) => number[]) => overlap(of(clean), of(profiled));
  return {
    requestsPerSecond: compare((rows) => rows.map(ratePerSecond)),
    cpuPerRequest: compare((rows) => cpuPerReply(evidence, rows)),
    latencyNsP95: compare((rows) => rows.flatMap(p95)),
  };
}

function wholeRows(evidence: Evidence, phase: PhaseName): readonly LoadRow[] {
  return loadRows(evidence, phase).filter((row) => row.spanMs >= LEAST_SPAN_MS);
}

function ratePerSecond({ succeeded, spanMs }: LoadRow): number {
  return (succeeded * 1000) / spanMs;
}

function p95({ latencyNsP95 }: LoadRow): number[] {
  return latencyNsP95 === null ? [] : [latencyNsP95];
}

/** CPU milliseconds a reply, for each second that the process's samples cover. */
function cpuPerReply({ timeline }: Evidence, rows: readonly LoadRow[]): number[] {
  return cpuOfRows(timeline, rows).map(({ cpuMs, replies }) => cpuMs / replies);
}

/** What the target's processes used in a second, and what they answered in it, errors included; replies are 1 or more. */
export interface SecondOfCpu {
  readonly cpuMs: Milliseconds;
  readonly replies: number;
}

/** The seconds of a phase that the process's samples cover; none where it was not sampled. */
export function cpuBySecond(evidence: Evidence, phase: PhaseName): readonly SecondOfCpu[] {
  return cpuOfRows(evidence.timeline, wholeRows(evidence, phase));
}

function cpuOfRows(timeline: Evidence['timeline'], rows: readonly LoadRow[]): SecondOfCpu[] {
  const samples = timeline.filter((row): row is ProcessRow => row.kind === 'process');
  return rows.flatMap(({ atMs, spanMs, succeeded, errorReplies, malformedReplies }) => {
    const [before, after] = [cpuMsAt(samples, atMs - spanMs), cpuMsAt(samples, atMs)];
    const replies = succeeded + errorReplies + malformedReplies;
    return before === null || after === null || replies === 0 ? [] : [{ cpuMs: after - before, replies }];
  });
}

/** In a straight line between two samples; null outside of them. */
function cpuMsAt(samples: readonly ProcessRow[], atMs: RunMilliseconds): Milliseconds | null {
  const index = samples.findIndex((row) => row.atMs >= atMs);
  const [before, after] = [samples[index - 1], samples[index]];
  if (before === undefined || after === undefined || after.atMs <= before.atMs) return null;
  const total = (row: ProcessRow): Milliseconds => row.cpuUserMs + row.cpuSystemMs;
  const share = (atMs - before.atMs) / (after.atMs - before.atMs);
  return total(before) + (total(after) - total(before)) * share;
}

function overlap(one: readonly number[], other: readonly number[]): boolean | null {
  if (one.length < LEAST_SECONDS_FOR_NOISE || other.length < LEAST_SECONDS_FOR_NOISE) return null;
  const [a, b] = [middleHalf(one), middleHalf(other)];
  return a.low <= b.high && b.low <= a.high;
}

function middleHalf(values: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] as number;
  return { low: at(0.25), high: at(0.75) };
}

function spreadOf(values: readonly number[]): Spread | null {
  const middle = median(values);
  return middle === null ? null : { min: least(values), median: middle, max: greatest(values) };
}
