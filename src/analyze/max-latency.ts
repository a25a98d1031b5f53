/** When the slowest reply of the clean phase came, and what the samples show of that moment. Pure. */
import { gcKinds, type LoadRow, type ProcessRow, type RuntimeRow } from '../run.ts';
import type { Milliseconds, RunMilliseconds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { loadRows, median } from './series.ts';
import { SLOWEST_CAUSE_SHARE, STALL_CAUSE_SHARE, UNUSUAL_STALL_RATIO } from './thresholds.ts';

/** One sentence; null where no second of the phase has a reply. */
export function maxLatencyWhen(evidence: Evidence): string | null {
  const rows = loadRows(evidence, 'clean');
  const slowest = rows.reduce<LoadRow | null>(
    (worst, row) => ((row.latencyNsMax ?? -1) > (worst?.latencyNsMax ?? -1) ? row : worst),
    null,
  );
  if (slowest === null || slowest.latencyNsMax === null) return null;
  const maxMs = slowest.latencyNsMax / 1e6;
  const number = rows.indexOf(slowest) + 1;
  const when = `It came in second ${number} of ${rows.length}${number === 1 ? ', right after the phase began' : ''}`;
  // The request may have been sent that long before the second.
  const from = slowest.atMs - slowest.spanMs - maxMs;
  return `${when}; ${cause(evidence, from, slowest.atMs, maxMs)}.`;
}

function cause(
  { timeline }: Evidence,
  fromMs: RunMilliseconds,
  toMs: RunMilliseconds,
  maxMs: Milliseconds,
): string {
  const runtime = timeline.filter((row): row is RuntimeRow => row.kind === 'runtime');
  // A row tells of the time since the one before.
  const index = runtime.reduce((worst, row, at) => {
    const before = runtime[at - 1];
    if (before === undefined || row.atMs < fromMs || before.atMs > toMs) return worst;
    return row.eventLoopDelayNsMax > (runtime[worst]?.eventLoopDelayNsMax ?? -1) ? at : worst;
  }, -1);
  const [before, row] = [runtime[index - 1], runtime[index]];
  if (before === undefined || row === undefined) return 'no event loop was sampled, so why is not known';
  const stallMs = row.eventLoopDelayNsMax / 1e6;
  const usualMs = (median(runtime.map((other) => other.eventLoopDelayNsMax)) ?? 0) / 1e6;
  const shown = (ms: Milliseconds): string => `${ms.toFixed(1)} ms`;
  if (stallMs < maxMs * SLOWEST_CAUSE_SHARE) {
    return `the tracker’s event loop stood still for no more than ${shown(stallMs)} then, so the time was spent in a queue or on the generator’s side`;
  }
  if (stallMs < usualMs * UNUSUAL_STALL_RATIO) {
    return `the tracker’s event loop was held for up to ${shown(stallMs)} then, as in other seconds`;
  }
  const stood = `the tracker’s event loop stood still for ${shown(stallMs)} then`;
  const gcMs = gcKinds.reduce((sum, kind) => sum + row.gc[kind].ms - before.gc[kind].ms, 0);
  if (gcMs >= stallMs * STALL_CAUSE_SHARE) return `${stood}, with ${shown(gcMs)} of garbage collection`;
  const waitedMs = waitedBetween(timeline, before.atMs, row.atMs);
  if (waitedMs >= stallMs * STALL_CAUSE_SHARE)
    return `${stood}, and its threads waited ${shown(waitedMs)} for a core`;
  return stood;
}

function waitedBetween(
  timeline: Evidence['timeline'],
  fromMs: RunMilliseconds,
  toMs: RunMilliseconds,
): Milliseconds {
  const rows = timeline.filter((row): row is ProcessRow => row.kind === 'process');
  const first = rows.findLast((row) => row.atMs <= fromMs);
  const last = rows.find((row) => row.atMs >= toMs);
  return first === undefined || last === undefined ? 0 : last.runQueueDelayMs - first.runQueueDelayMs;
}
