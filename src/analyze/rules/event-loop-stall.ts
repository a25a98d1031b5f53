import { gcKinds, type ProcessRow, type RuntimeRow } from '../../run.ts';
import type { Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { processRows, runtimeRows, span } from '../series.ts';
import { targetRuntime } from '../target-runtime.ts';
import { CRITICAL_COST_SHARE, NOTABLE_COST_SHARE, STALL_NS } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { ownCores } from './own-cores.ts';
import { clear, insufficientData, percent } from './rule.ts';

/** The subject of a stall that collections account for. */
export const COLLECTOR_SUBJECT = 'Garbage Collection';

/** Does the loop that serves the socket stand still for longer than an acceptable P99? */
export function eventLoopStall(evidence: Evidence): Finding {
  const rows = runtimeRows(evidence, 'clean');
  const kernel = processRows(evidence, 'clean');
  const window = span(rows);
  if (window === null && isKnownWithoutLoop(evidence)) {
    return clear('event-loop-stall', 'The tracker has no event loop: it is no Node.js program.', []);
  }
  if (window === null) {
    return insufficientData(
      'event-loop-stall',
      "The tracker's event loop was not sampled in the clean phase.",
    );
  }
  const stalls = rows
    .map((row, index) => ({
      row,
      gcMs: gcMsBetween(rows[index - 1], row),
      waitedMs: waitedMsBetween(kernel, rows[index - 1], row),
    }))
    .filter(({ row }) => row.eventLoopDelayNsMax >= STALL_NS);
  const longestNs = Math.max(...rows.map((row) => row.eventLoopDelayNsMax));
  const stalledNs = stalls.reduce((sum, { row }) => sum + row.eventLoopDelayNsMax, 0);
  const share = Math.min(1, stalledNs / (window.elapsedMs * 1e6));
  const source = 'timeline.ndjson, clean phase';
  const lines: EvidenceLine[] = [
    {
      metric: 'longest event-loop delay',
      value: longestNs / 1e6,
      unit: 'ms',
      threshold: STALL_NS / 1e6,
      source,
    },
    { metric: 'samples with such a delay', value: stalls.length, unit: 'samples', threshold: null, source },
  ];
  const longest = `${(longestNs / 1e6).toFixed(1)} ms`;
  if (stalls.length === 0) {
    return clear('event-loop-stall', `The longest event-loop delay is ${longest}.`, lines);
  }
  const gcMs = stalls.reduce((sum, stall) => sum + stall.gcMs, 0);
  const waitedMs = stalls.reduce((sum, stall) => sum + stall.waitedMs, 0);
  const isWaiting = waitedMs * 1e6 >= stalledNs / 2 && waitedMs > gcMs;
  const isCollector = gcMs * 1e6 >= stalledNs / 2 && !isWaiting;
  lines.push({
    metric: 'garbage collection in the same samples',
    value: gcMs,
    unit: 'ms',
    threshold: null,
    source,
  });
  lines.push({
    metric: 'waiting for a core in the same samples',
    value: waitedMs,
    unit: 'ms',
    threshold: null,
    source,
  });
  const cause = isWaiting
    ? '; its threads were runnable and waited for a core for most of it: other work, not the tracker’s own code'
    : isCollector
      ? '; garbage collection accounts for most of it'
      : '';
  const count = `${stalls.length} of ${rows.length} samples`;
  return {
    rule: 'event-loop-stall',
    verdict: 'found',
    severity: isWaiting
      ? 'info'
      : share >= CRITICAL_COST_SHARE
        ? 'critical'
        : share >= NOTABLE_COST_SHARE
          ? 'warning'
          : 'info',
    confidence: 'medium',
    share,
    subject: isCollector ? { function: COLLECTOR_SUBJECT, file: null, line: null } : null,
    summary: `The event loop stood still for up to ${longest}, in ${count} (${percent(share)} of the time)${cause}.`,
    evidence: lines,
    advice: isWaiting ? [ownCores(evidence)] : adviceFor('event-loop-stall', evidence),
  };
}

function isKnownWithoutLoop(evidence: Evidence): boolean {
  const { run } = evidence;
  const isKnown = run.target.runtime !== null || run.profiles.length > 0;
  return isKnown && targetRuntime(evidence) !== 'node';
}

/** Time that the tracker's threads waited for a core between two samples of its runtime, all of them added up. */
function waitedMsBetween(
  kernel: readonly ProcessRow[],
  before: RuntimeRow | undefined,
  row: RuntimeRow,
): number {
  if (before === undefined) return 0;
  const first = kernel.findLast((one) => one.atMs <= before.atMs);
  const last = kernel.find((one) => one.atMs >= row.atMs) ?? kernel.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
  // The kernel is sampled at moments of its own: of what it counted around them, the part of this span.
  const share = Math.min(1, (row.atMs - before.atMs) / (last.atMs - first.atMs));
  return (last.runQueueDelayMs - first.runQueueDelayMs) * share;
}

function gcMsBetween(before: RuntimeRow | undefined, row: RuntimeRow): number {
  if (before === undefined) return 0;
  return gcKinds.reduce((sum, kind) => sum + row.gc[kind].ms - before.gc[kind].ms, 0);
}
