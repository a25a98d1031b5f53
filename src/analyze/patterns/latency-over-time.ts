import type { Evidence } from '../evidence.ts';
import type { EvidenceLine } from '../finding.ts';
import { memoryTrend } from '../memory-series.ts';
import { loadRows, processRows, socketRows, thirds } from '../series.ts';
import { NOTABLE_RISE_SHARE, worryLimits } from '../thresholds.ts';
import { cannotTell, context, type PatternAnswer } from './pattern.ts';

/** The median P95 of a second in the first and last third of the clean phase; `first` above 0. */
export function p95Thirds(evidence: Evidence): {
  readonly seconds: number;
  readonly ends: { readonly first: number; readonly last: number } | null;
} {
  const series = loadRows(evidence, 'clean')
    .map((row) => row.latencyNsP95)
    .filter((value) => value !== null);
  const ends = thirds(series);
  return { seconds: series.length, ends: ends === null || ends.first <= 0 ? null : ends };
}

/** Does P95 rise while the test goes on, and does memory or the socket's queue rise with it? */
export function latencyOverTime(evidence: Evidence): PatternAnswer {
  const { seconds, ends } = p95Thirds(evidence);
  if (ends === null) return cannotTell(`${seconds} seconds with replies, six are needed to see a trend`);
  const change = ends.last / ends.first - 1;
  const source = 'timeline.ndjson, clean phase';
  const lines: EvidenceLine[] = [
    {
      metric: 'rise of P95, last third over first',
      value: change * 100,
      unit: '%',
      threshold: NOTABLE_RISE_SHARE * 100,
      source,
    },
    context('P95, first third', ends.first / 1e6, 'ms', source),
    context('P95, last third', ends.last / 1e6, 'ms', source),
  ];
  const seen = `P95 goes from ${(ends.first / 1e6).toFixed(2)} to ${(ends.last / 1e6).toFixed(2)} ms`;
  if (change <= NOTABLE_RISE_SHARE) return { verdict: 'clear', told: seen, evidence: lines };
  const trend = memoryTrend(evidence);
  const queue = thirds(
    [...processRows(evidence, 'clean'), ...socketRows(evidence, 'clean')]
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ socketQueueBytes }) => socketQueueBytes)
      .filter((bytes) => bytes !== null),
  );
  const beside: string[] = [];
  if (trend !== null) {
    const threshold = worryLimits.memoryBytesPerMinute / 1e6;
    lines.push({
      metric: 'RSS growth',
      value: trend.bytesPerMinute / 1e6,
      unit: 'MB/min',
      threshold,
      source,
    });
    if (trend.continuous) beside.push('memory grows to the end as well');
  }
  if (queue !== null) {
    lines.push(
      context('receive queue, first third', queue.first / 1e3, 'kB', source),
      context('receive queue, last third', queue.last / 1e3, 'kB', source),
    );
    if (queue.last > queue.first * (1 + NOTABLE_RISE_SHARE) && queue.last > 0) {
      beside.push('the queue of its socket grows with it');
    }
  }
  const why =
    beside.length === 0
      ? 'neither memory nor the queue of its socket is seen to grow with it'
      : beside.join(', and ');
  return { verdict: 'found', told: `${seen}; ${why}`, evidence: lines };
}
