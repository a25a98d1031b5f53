import { gcKinds, type ProcessRow, type RuntimeRow } from '../../run.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding, Subject } from '../finding.ts';
import { blockingHolder, type Holder, timerHolder } from '../held-thread.ts';
import { phaseLoad, processRows, runtimeRows, span } from '../series.ts';
import { slowSuspect } from '../slow/slow-suspect.ts';
import { targetRuntime } from '../target-runtime.ts';
import {
  COLLECTING_THREADS,
  CRITICAL_STALL_NS,
  CRITICAL_STALL_SHARE,
  LEAST_WATCHED_SHARE,
  STALL_CAUSE_SHARE,
  STALL_NS,
  STALL_TIME_SHARE,
  SURE_STALLS,
} from '../thresholds.ts';
import { mostWork } from '../work-kinds.ts';
import { adviceFor } from './advice.ts';
import { topAllocator } from './gc-pressure.ts';
import { ownCores } from './own-cores.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { tooFewSamples } from './share-confidence.ts';

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
  const phase = phaseLoad(evidence, 'clean');
  const watched = phase === null ? 1 : window.elapsedMs / (phase.endMs - phase.startMs);
  if (stalls === 0 && watched < LEAST_WATCHED_SHARE) {
    return insufficientData(
      'event-loop-stall',
      `The event loop was sampled for ${percent(watched)} of the clean phase; the rest may hold stalls.`,
      lines,
    );
  }
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
  const holding = isWaiting || isCollector ? null : holderOf(evidence, share, lines);
  const known = isCollector ? allocatorOf(evidence, lines) : (holding?.subject ?? null);
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
    : causeWords(isCollector, holding, suspect);
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
    advice: isWaiting
      ? [ownCores(evidence)]
      : adviceFor('event-loop-stall', evidence, isCollector ? 'collections' : stallKind(holding)),
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

/**
 * Who holds the thread: what timers start, else synchronous calls; null where neither is half of the stalled time, and where too few
 * samples tell. Periodic work is what stands between requests: a request's own cost shows in every request.
 */
function holderOf(evidence: Evidence, share: number, lines: EvidenceLine[]): Holder | null {
  const cpu = cpuProfileOf(evidence);
  if (cpu === null || tooFewSamples(cpu) !== null) return null;
  const timer = timerHolder(evidence);
  if (timer !== null) lines.push(timer.line);
  if (timer !== null && timer.share >= share * STALL_CAUSE_SHARE) return timer;
  const blocking = blockingHolder(evidence);
  if (blocking === null || blocking.share < share * STALL_CAUSE_SHARE) return null;
  lines.push(blocking.line);
  return blocking;
}

type StallKind = 'files' | 'another process' | 'JSON' | 'periodic work';

function stallKind(holding: Holder | null): StallKind | null {
  if (holding === null) return null;
  return holding.blocksOn ?? (mostWork(holding) === 'JSON' ? 'JSON' : 'periodic work');
}

function causeWords(isCollector: boolean, holding: Holder | null, suspect: Subject | null): string {
  if (isCollector) {
    const blame = suspect === null ? '' : `, and ${nameSubject(suspect)} allocates most`;
    return `; garbage collection accounts for most of it${blame}`;
  }
  if (suspect === null) return '; the profiles name no function that accounts for half of it';
  if (holding === null) return `; ${nameSubject(suspect)} is what the CPU does more of when it is slow`;
  const waits = holding.blocksOn === null ? '' : `, most of it in synchronous calls for ${holding.blocksOn}`;
  return holding.kind === 'timer'
    ? `; ${nameSubject(suspect)} does most of the work that timers start${waits}`
    : `; ${nameSubject(suspect)} blocks the thread most, by synchronous calls for ${holding.blocksOn ?? 'a disk or another process'}`;
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
