import { gcKinds, type ProcessRow, type RuntimeRow } from '../../run.ts';
import { chargedFunctions, valueIndexOf } from '../cost-shares.ts';
import { type Evidence, profileOf } from '../evidence.ts';
import type { EvidenceLine, Finding, Subject } from '../finding.ts';
import { isBlockingCall } from '../off-cpu.ts';
import type { Frame, Profile } from '../profile/profile.ts';
import { processRows, runtimeRows, span } from '../series.ts';
import { slowSuspect } from '../slow/slow-suspect.ts';
import { targetRuntime } from '../target-runtime.ts';
import {
  COLLECTING_THREADS,
  CRITICAL_STALL_NS,
  CRITICAL_STALL_SHARE,
  STALL_CAUSE_SHARE,
  STALL_NS,
  STALL_TIME_SHARE,
  SURE_STALLS,
} from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { topAllocator } from './gc-pressure.ts';
import { ownCores } from './own-cores.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

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
  const { stalls, longestNs, stalledNs, gcMs, waitedMs } = stallFigures(rows, kernel);
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
    { metric: 'samples with such a delay', value: stalls, unit: 'samples', threshold: null, source },
  ];
  const longest = `${(longestNs / 1e6).toFixed(1)} ms`;
  if (stalls === 0) {
    return clear('event-loop-stall', `The longest event-loop delay is ${longest}.`, lines);
  }
  lines.push({
    metric: 'stalls, share of the time',
    value: share * 100,
    unit: '%',
    threshold: STALL_TIME_SHARE * 100,
    source,
  });
  if (share < STALL_TIME_SHARE) {
    return clear(
      'event-loop-stall',
      `The longest event-loop delay is ${longest}; such delays make up ${percent(share)} of the time, too little for a P99 to see.`,
      lines,
    );
  }
  const { isWaiting, isCollector } = stallCause({ stalledNs, gcMs, waitedMs });
  const timer = isWaiting || isCollector ? null : timerWork(evidence, share, lines);
  const blocking = isWaiting || isCollector || timer !== null ? null : blockingWork(evidence, share, lines);
  const known = isCollector ? allocatorOf(evidence, lines) : (timer ?? blocking);
  const slow = isWaiting ? null : slowSuspect(evidence, known);
  lines.push(...(slow?.lines ?? []));
  const suspect = known ?? slow?.subject ?? null;
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
      ? `; garbage collection accounts for most of it${suspect === null ? '' : `, and ${nameSubject(suspect)} allocates most`}`
      : suspect === null
        ? ''
        : suspect === timer
          ? `; ${nameSubject(suspect)} does most of the work that timers start`
          : suspect === blocking
            ? `; ${nameSubject(suspect)} blocks the thread most, by synchronous calls for a disk or another process`
            : `; ${nameSubject(suspect)} is what the CPU does more of when it is slow`;
  const count = `${stalls} of ${rows.length} samples`;
  return {
    rule: 'event-loop-stall',
    verdict: 'found',
    severity: isWaiting
      ? 'info'
      : share >= CRITICAL_STALL_SHARE && longestNs >= CRITICAL_STALL_NS
        ? 'critical'
        : 'warning',
    confidence: suspect !== null || stalls >= SURE_STALLS ? 'high' : 'medium',
    share,
    subject: suspect,
    summary: `The event loop stood still for up to ${longest}, in ${count} (${percent(share)} of the time)${cause}.`,
    evidence: lines,
    advice: isWaiting ? [ownCores(evidence)] : adviceFor('event-loop-stall', evidence),
  };
}

interface StallFigures {
  /** Samples with a delay past the limit. */
  readonly stalls: number;
  readonly longestNs: number;
  readonly stalledNs: number;
  readonly gcMs: number;
  readonly waitedMs: number;
}

function stallFigures(rows: readonly RuntimeRow[], kernel: readonly ProcessRow[]): StallFigures {
  const figures = { stalls: 0, longestNs: 0, stalledNs: 0, gcMs: 0, waitedMs: 0 };
  for (const [index, row] of rows.entries()) {
    const delayNs = row.eventLoopDelayNsMax;
    figures.longestNs = Math.max(figures.longestNs, delayNs);
    if (delayNs < STALL_NS) continue;
    figures.stalls += 1;
    figures.stalledNs += delayNs;
    figures.gcMs += gcMsBetween(rows[index - 1], row);
    figures.waitedMs += waitedMsBetween(kernel, rows[index - 1], row);
  }
  return figures;
}

/**
 * Waiting is added up over all threads: while the loop stands still for a collection, V8's helpers and it wait for each other
 * where cores are few, so of what was waited that much is the collection's own.
 */
function stallCause({ stalledNs, gcMs, waitedMs }: Pick<StallFigures, 'stalledNs' | 'gcMs' | 'waitedMs'>): {
  readonly isWaiting: boolean;
  readonly isCollector: boolean;
} {
  const isWaiting = (waitedMs - COLLECTING_THREADS * gcMs) * 1e6 >= stalledNs * STALL_CAUSE_SHARE;
  return { isWaiting, isCollector: gcMs * 1e6 >= stalledNs * STALL_CAUSE_SHARE && !isWaiting };
}

/** Whether there are stalls and collections account for most of them. */
export function isCollectorStall(evidence: Evidence): boolean {
  const figures = stallFigures(runtimeRows(evidence, 'clean'), processRows(evidence, 'clean'));
  return figures.stalls > 0 && stallCause(figures).isCollector;
}

function allocatorOf(evidence: Evidence, lines: EvidenceLine[]): Subject | null {
  const allocator = topAllocator(evidence);
  lines.push(...(allocator?.lines ?? []));
  return allocator?.top?.subject ?? null;
}

const isTimer = (frame: Frame): boolean =>
  frame.file === 'node:internal/timers' &&
  /^(?:processTimers|listOnTimeout|processImmediate)$/.test(frame.functionName);

/**
 * The function with most of the CPU that timers and immediates start; null where it is less than half of the stalled time.
 * Periodic work is what stands between requests: a request's own cost shows in every request. By wall time where the
 * profile has it: a synchronous write stalls without CPU.
 */
function timerWork(evidence: Evidence, share: number, lines: EvidenceLine[]): Subject | null {
  const loaded = profileOf(evidence, 'cpu');
  if (loaded === null || loaded.record.durationNs <= 0) return null;
  const { profile, record } = loaded;
  const valueIndex = valueIndexOf(profile, 'wall', 'cpu');
  const top = chargedFunctions(profile, valueIndex, (stack) => stack.some(isTimer))[0];
  if (top === undefined) return null;
  lines.push({
    metric: `${top.subject.function}, started by timers, share of ${clockOf(profile, valueIndex)}`,
    value: top.share * 100,
    unit: '%',
    threshold: null,
    source: record.file,
  });
  return top.share >= share * STALL_CAUSE_SHARE ? top.subject : null;
}

function clockOf({ valueTypes }: Profile, valueIndex: number): string {
  return valueTypes[valueIndex]?.type === 'wall' ? 'the time at work' : 'CPU';
}

/** The function with most time in blocking calls; null where that is less than half of the stalled time. */
function blockingWork(evidence: Evidence, share: number, lines: EvidenceLine[]): Subject | null {
  const loaded = profileOf(evidence, 'cpu');
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const valueIndex = valueIndexOf(profile, 'wall', 'cpu');
  const top = chargedFunctions(profile, valueIndex, isBlockingCall)[0];
  if (top === undefined || top.share < share * STALL_CAUSE_SHARE) return null;
  lines.push({
    metric: `${top.subject.function}, in blocking calls, share of ${clockOf(profile, valueIndex)}`,
    value: top.share * 100,
    unit: '%',
    threshold: null,
    source: record.file,
  });
  return top.subject;
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
