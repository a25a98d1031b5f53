/** How the target's memory went, from the kernel's and the runtime's samples. Pure. */

import type { Bytes, Milliseconds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { greatest, least } from './extremes.ts';
import { phaseLoad, processRows, runtimeRows, slope, span } from './series.ts';
import { LEAST_TREND_MS, LEAST_TREND_SAMPLES, TREND_COVER_SHARE, worryLimits } from './thresholds.ts';

/**
 * RSS of the target. Initial is the last sample before the load began (or the first there is); peak the highest until
 * the clean phase ended, so that the profilers' own memory is not in it; growth is their difference.
 */
export interface RssFigures {
  readonly initialBytes: Bytes;
  /** False: no sample was taken before the load; initial is the first one under load. */
  readonly initialBeforeLoad: boolean;
  readonly peakBytes: Bytes;
  readonly growthBytes: Bytes;
}

/** Null where no sample of the process was taken until the clean phase ended. */
export function rssFigures(evidence: Evidence): RssFigures | null {
  const { phases } = evidence.run;
  const loadStartMs = least(phases.map((phase) => phase.startMs));
  const endMs = phaseLoad(evidence, 'clean')?.endMs ?? Number.POSITIVE_INFINITY;
  const rows = evidence.timeline.filter((row) => row.kind === 'process').filter((row) => row.atMs <= endMs);
  const first = rows[0];
  if (first === undefined) return null;
  const before = rows.filter((row) => row.atMs <= loadStartMs).at(-1);
  const initialBytes = (before ?? first).rssBytes;
  const peakBytes = greatest(rows.map((row) => row.rssBytes));
  return {
    initialBytes,
    initialBeforeLoad: before !== undefined,
    peakBytes,
    growthBytes: peakBytes - initialBytes,
  };
}

/** The trend of RSS over the clean phase. */
export interface MemoryTrend {
  readonly durationMs: Milliseconds;
  /** Least squares over the whole phase; negative where memory shrank. */
  readonly bytesPerMinute: number;
  /** The same over the phase's last third. */
  readonly lastThirdBytesPerMinute: number;
  /** Both rates are past the limit a minute: it grew fast and was still growing at the end. */
  readonly continuous: boolean;
}

const MINUTE_MS = 60_000;

/** Null where the clean phase is missing, shorter than 10 s, or has fewer than nine samples. */
export function memoryTrend(evidence: Evidence): MemoryTrend | null {
  const rows = processRows(evidence, 'clean');
  const window = span(rows);
  if (window === null || window.elapsedMs < LEAST_TREND_MS * TREND_COVER_SHARE) return null;
  if (rows.length < LEAST_TREND_SAMPLES) return null;
  const points = rows.map((row) => ({ x: row.atMs, y: row.rssBytes }));
  const whole = slope(points);
  const last = slope(points.slice(-Math.floor(points.length / 3)));
  if (whole === null || last === null) return null;
  const bytesPerMinute = whole * MINUTE_MS;
  const lastThirdBytesPerMinute = last * MINUTE_MS;
  return {
    durationMs: window.elapsedMs,
    bytesPerMinute,
    lastThirdBytesPerMinute,
    continuous:
      bytesPerMinute > worryLimits.memoryBytesPerMinute &&
      lastThirdBytesPerMinute > worryLimits.memoryBytesPerMinute,
  };
}

/** What the runtime says of its own memory in the clean phase. */
export interface RuntimeMemory {
  readonly heapUsedBytesFirst: Bytes;
  readonly heapUsedBytesMax: Bytes;
  readonly heapUsedBytesLast: Bytes;
  readonly externalBytesFirst: Bytes;
  readonly externalBytesMax: Bytes;
  readonly externalBytesLast: Bytes;
  readonly arrayBuffersBytesFirst: Bytes;
  readonly arrayBuffersBytesMax: Bytes;
  readonly arrayBuffersBytesLast: Bytes;
}

/** Null where the runtime was not sampled, for example a tracker that was not started by the lab. */
export function runtimeMemory(evidence: Evidence): RuntimeMemory | null {
  const rows = runtimeRows(evidence, 'clean');
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    heapUsedBytesFirst: first.heapUsedBytes,
    heapUsedBytesMax: greatest(rows.map((row) => row.heapUsedBytes)),
    heapUsedBytesLast: last.heapUsedBytes,
    externalBytesFirst: first.externalBytes,
    externalBytesMax: greatest(rows.map((row) => row.externalBytes)),
    externalBytesLast: last.externalBytes,
    arrayBuffersBytesFirst: first.arrayBuffersBytes,
    arrayBuffersBytesMax: greatest(rows.map((row) => row.arrayBuffersBytes)),
    arrayBuffersBytesLast: last.arrayBuffersBytes,
  };
}
