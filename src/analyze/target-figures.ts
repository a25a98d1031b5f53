/** What the target's process and its runtime did in one phase, from the timeline's samples. Pure; nothing here is judged. */

import { type GcKind, gcKinds, type PhaseName, type ProcessRow } from '../run.ts';
import type { Bytes, Milliseconds, Nanoseconds, Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { greatest } from './extremes.ts';
import { mean, median, processRows, runtimeRows, socketRows, span } from './series.ts';

/** What the target did in the phase; each figure is null where its source was not sampled. */
export interface TargetFigures {
  /** Of one core: 1.5 is one core and a half. */
  readonly cpuShare: Share | null;
  readonly cpuUserShare: Share | null;
  readonly cpuSystemShare: Share | null;
  /** CPU time a reply of any kind. */
  readonly cpuMicrosecondsPerRequest: number | null;
  readonly systemMicrosecondsPerRequest: number | null;
  /** Time spent waiting for a core, as a share of the phase. */
  readonly runQueueDelayShare: Share | null;
  readonly involuntaryContextSwitchesPerSecond: number | null;
  /** CPU of V8's helper threads, of one core, as {@link TargetFigures.cpuShare}; null where they are not known. */
  readonly v8HelperCpuShare: Share | null;
  /** Times a thread fell asleep (for a datagram, a lock, a disk) a reply of any kind. */
  readonly voluntaryContextSwitchesPerRequest: number | null;
  /** Threads in each state, mean over the samples. */
  readonly threadStates: ProcessRow['threadStates'] | null;
  readonly threads: number | null;
  readonly socketDrops: number | null;
  readonly socketQueueBytesMax: Bytes | null;
  readonly gcMsByKind: Readonly<Record<GcKind, Milliseconds>> | null;
  readonly gcCountByKind: Readonly<Record<GcKind, number>> | null;
  /** Time in garbage collection as a share of the phase; all threads added up. */
  readonly gcTimeShare: Share | null;
  readonly eventLoopDelayNsP99Median: Nanoseconds | null;
  readonly eventLoopDelayNsMax: Nanoseconds | null;
  readonly eventLoopUtilizationMean: Share | null;
}

/** @param answeredPerSecond - replies of any kind; null: not known */
export function targetFigures(
  evidence: Evidence,
  phase: PhaseName,
  answeredPerSecond: number | null,
): TargetFigures {
  const rows = processRows(evidence, phase);
  const kernel = span(rows);
  const runtime = runtimeRows(evidence, phase);
  const own = span(runtime);
  const user = kernel && (kernel.last.cpuUserMs - kernel.first.cpuUserMs) / kernel.elapsedMs;
  const system = kernel && (kernel.last.cpuSystemMs - kernel.first.cpuSystemMs) / kernel.elapsedMs;
  const cpu = user === null || system === null ? null : user + system;
  const gcMs = own && gcDelta(own.first.gc, own.last.gc, 'ms');
  const sockets = socketRows(evidence, phase);
  // Read at the very ends of the phase; the process only every so often.
  const ends = span(sockets) ?? kernel;
  const drops = ends && difference(ends.first.socketDrops, ends.last.socketDrops);
  const queues = [...rows, ...sockets].map((row) => row.socketQueueBytes).filter((bytes) => bytes !== null);
  return {
    cpuShare: cpu,
    cpuUserShare: user,
    cpuSystemShare: system,
    cpuMicrosecondsPerRequest: perRequest(cpu === null ? null : cpu * 1e6, answeredPerSecond),
    systemMicrosecondsPerRequest: perRequest(system === null ? null : system * 1e6, answeredPerSecond),
    runQueueDelayShare:
      kernel && (kernel.last.runQueueDelayMs - kernel.first.runQueueDelayMs) / kernel.elapsedMs,
    v8HelperCpuShare: helperShare(kernel),
    involuntaryContextSwitchesPerSecond:
      kernel &&
      ((kernel.last.involuntaryContextSwitches - kernel.first.involuntaryContextSwitches) * 1000) /
        kernel.elapsedMs,
    voluntaryContextSwitchesPerRequest: perRequest(
      kernel &&
        ((kernel.last.voluntaryContextSwitches - kernel.first.voluntaryContextSwitches) * 1000) /
          kernel.elapsedMs,
      answeredPerSecond,
    ),
    threadStates: meanStates(rows),
    threads: kernel === null ? null : kernel.last.threads,
    socketDrops: drops,
    socketQueueBytesMax: queues.length === 0 ? null : greatest(queues),
    gcMsByKind: gcMs,
    gcCountByKind: own && gcDelta(own.first.gc, own.last.gc, 'count'),
    gcTimeShare: own && gcMs && gcKinds.reduce((sum, kind) => sum + gcMs[kind], 0) / own.elapsedMs,
    eventLoopDelayNsP99Median: median(runtime.map((row) => row.eventLoopDelayNsP99)),
    eventLoopDelayNsMax:
      runtime.length === 0 ? null : greatest(runtime.map((row) => row.eventLoopDelayNsMax)),
    eventLoopUtilizationMean:
      runtime.length === 0 ? null : mean(runtime.map((row) => row.eventLoopUtilization)),
  };
}

function helperShare(kernel: ReturnType<typeof span<ProcessRow>>): Share | null {
  const [first, last] = [kernel?.first.v8HelperCpuMs ?? null, kernel?.last.v8HelperCpuMs ?? null];
  return kernel === null || first === null || last === null ? null : (last - first) / kernel.elapsedMs;
}

type GcTotals = Readonly<Record<GcKind, { readonly count: number; readonly ms: number }>>;

function gcDelta(first: GcTotals, last: GcTotals, field: 'count' | 'ms'): Record<GcKind, number> {
  return Object.fromEntries(gcKinds.map((kind) => [kind, last[kind][field] - first[kind][field]])) as Record<
    GcKind,
    number
  >;
}

function perRequest(perSecond: number | null, answeredPerSecond: number | null): number | null {
  if (perSecond === null || answeredPerSecond === null || answeredPerSecond === 0) return null;
  return perSecond / answeredPerSecond;
}

function meanStates(rows: readonly ProcessRow[]): ProcessRow['threadStates'] | null {
  if (rows.length === 0) return null;
  const of = (state: keyof ProcessRow['threadStates']): number =>
    mean(rows.map((row) => row.threadStates[state]));
  return { running: of('running'), asleep: of('asleep'), uninterruptible: of('uninterruptible') };
}

function difference(first: number | null, last: number | null): number | null {
  return first === null || last === null ? null : last - first;
}
