import type { LabEvent } from '../lab/lab-event.ts';
import type { Milliseconds } from '../units.ts';

const MS_PER_SECOND = 1000;
const NANOS_PER_MS = 1e6;

/**
 * One second of a run on one line, its columns where they were the second before. Pure.
 *
 * @param columns - width of the terminal, in which what does not fit is left out from the right; null: there is none
 */
export function describeSecond(event: Extract<LabEvent, { kind: 'second' }>, columns: number | null): string {
  const { row, elapsedMs, totalMs, targetCpuShare } = event;
  const failed = row.timedOut + row.errorReplies + row.malformedReplies + row.sendFailed;
  const rate = Math.round((row.succeeded * MS_PER_SECOND) / row.spanMs);
  const p95 = row.latencyNsP95 === null ? 'no reply' : `${(row.latencyNsP95 / NANOS_PER_MS).toFixed(2)} ms`;
  const cpu = targetCpuShare === null ? 'not measured' : `${Math.round(targetCpuShare * 100)} %`.padStart(5);
  const parts = [
    // The steps between the phases are never planned to the millisecond.
    `${row.phase.padEnd(8)} ${seconds(Math.min(elapsedMs, totalMs))} of ${seconds(totalMs)} s`,
    `${rate.toLocaleString('en-US').padStart(7)} req/s`,
    `P95 ${p95.padStart(8)}`,
    `errors ${failed.toLocaleString('en-US')}`,
    `CPU ${cpu}`,
  ];
  // A terminal breaks the line when its last column is written.
  while (columns !== null && parts.length > 1 && joined(parts).length >= columns) parts.pop();
  return columns === null ? joined(parts) : joined(parts).slice(0, Math.max(0, columns - 1));
}

function joined(parts: readonly string[]): string {
  return `  ${parts.join(' · ')}`;
}

function seconds(durationMs: Milliseconds): string {
  return (durationMs / MS_PER_SECOND).toFixed(0).padStart(3);
}
