/** The plain figures of one phase, computed from its counts and samples. Pure; nothing here is judged. */
import { type GcKind, gcKinds, type Operation, operations, type PhaseName } from '../run.ts';
import type { Bytes, Milliseconds, Nanoseconds, Share } from '../units.ts';
import type { Evidence, LatencySummary } from './evidence.ts';
import { mean, median, phaseLoad, processRows, runtimeRows, span } from './series.ts';

/** Requests of one kind or of all: `sent = succeeded + failed + unresolved`. */
interface RequestFigures {
  readonly sent: number;
  readonly succeeded: number;
  /** Timed out, answered by an error or malformed, or refused by the socket. */
  readonly failed: number;
  readonly unresolved: number;
  readonly timedOut: number;
  readonly errorReplies: number;
  readonly malformedReplies: number;
  readonly sendFailed: number;
}

interface OperationFigures extends RequestFigures {
  /** On the headline clock; null where none was answered. */
  readonly latency: LatencySummary | null;
}

/** What the target did in the phase; each figure is null where its source was not sampled. */
interface TargetFigures {
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

export interface PhaseFigures {
  readonly phase: PhaseName;
  readonly durationMs: Milliseconds;
  readonly requests: RequestFigures;
  /** Of those sent; null where nothing was sent. */
  readonly successShare: Share | null;
  readonly errorShare: Share | null;
  /** Successful requests a second. */
  readonly requestsPerSecond: number | null;
  readonly operations: Readonly<Record<Operation, OperationFigures>>;
  /** `response` in open loop, where it was recorded; else `service`. */
  readonly latencyClock: 'service' | 'response';
  /** Of all operations, on that clock; null where nothing was answered. */
  readonly latency: LatencySummary | null;
  readonly strayReplies: {
    readonly late: number;
    readonly duplicate: number;
    readonly unknown: number;
    readonly malformed: number;
  };
  readonly errorTexts: readonly { readonly text: string; readonly count: number }[];
  /** In a successful announce reply, on average. */
  readonly peersPerAnnounce: number | null;
  readonly receivedBytesPerResponse: number | null;
  readonly sentBytesPerRequest: number | null;
  readonly generatorSocketDrops: number | null;
  readonly target: TargetFigures;
}

/** Null where the run ended before the phase. */
export function phaseFigures(evidence: Evidence, phase: PhaseName): PhaseFigures | null {
  const load = phaseLoad(evidence, phase);
  if (load === null) return null;
  const durationMs = load.endMs - load.startMs;
  const latencyClock =
    evidence.run.scenario.ratePerSecond > 0 && evidence.latency(phase, 'all', 'response') !== null
      ? 'response'
      : 'service';
  const byOperation = Object.fromEntries(
    operations.map((operation) => [
      operation,
      {
        ...requestFigures(load.operations[operation]),
        latency: evidence.latency(phase, operation, latencyClock),
      },
    ]),
  ) as Record<Operation, OperationFigures>;
  const requests = addUp(Object.values(byOperation));
  const answered = requests.succeeded + requests.errorReplies + requests.malformedReplies;
  const received = answered + load.strayReplies.late + load.strayReplies.duplicate;
  const perSecond = (count: number): number | null => (durationMs > 0 ? (count * 1000) / durationMs : null);
  return {
    phase,
    durationMs,
    requests,
    successShare: ratio(requests.succeeded, requests.sent),
    errorShare: ratio(requests.failed, requests.sent),
    requestsPerSecond: perSecond(requests.succeeded),
    operations: byOperation,
    latencyClock,
    latency: evidence.latency(phase, 'all', latencyClock),
    strayReplies: load.strayReplies,
    errorTexts: Object.entries(load.errorTexts)
      .map(([text, count]) => ({ text, count }))
      .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)),
    peersPerAnnounce: ratio(load.peersReceived, load.operations.announce.succeeded),
    receivedBytesPerResponse: ratio(load.receivedBytes, received),
    sentBytesPerRequest: ratio(load.sentBytes, requests.sent),
    generatorSocketDrops: load.generatorSocketDrops,
    target: targetFigures(evidence, phase, perSecond(answered)),
  };
}

function requestFigures(counts: Omit<RequestFigures, 'failed'>): RequestFigures {
  const { sent, succeeded, timedOut, errorReplies, malformedReplies, sendFailed, unresolved } = counts;
  const failed = timedOut + errorReplies + malformedReplies + sendFailed;
  return { sent, succeeded, failed, unresolved, timedOut, errorReplies, malformedReplies, sendFailed };
}

function addUp(parts: readonly RequestFigures[]): RequestFigures {
  const sum = (field: keyof RequestFigures): number => parts.reduce((total, part) => total + part[field], 0);
  return {
    sent: sum('sent'),
    succeeded: sum('succeeded'),
    failed: sum('failed'),
    unresolved: sum('unresolved'),
    timedOut: sum('timedOut'),
    errorReplies: sum('errorReplies'),
    malformedReplies: sum('malformedReplies'),
    sendFailed: sum('sendFailed'),
  };
}

function targetFigures(
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
  const drops = kernel && difference(kernel.first.socketDrops, kernel.last.socketDrops);
  const queues = rows.map((row) => row.socketQueueBytes).filter((bytes) => bytes !== null);
  return {
    cpuShare: cpu,
    cpuUserShare: user,
    cpuSystemShare: system,
    cpuMicrosecondsPerRequest: perRequest(cpu, answeredPerSecond),
    systemMicrosecondsPerRequest: perRequest(system, answeredPerSecond),
    runQueueDelayShare:
      kernel && (kernel.last.runQueueDelayMs - kernel.first.runQueueDelayMs) / kernel.elapsedMs,
    involuntaryContextSwitchesPerSecond:
      kernel &&
      ((kernel.last.involuntaryContextSwitches - kernel.first.involuntaryContextSwitches) * 1000) /
        kernel.elapsedMs,
    threads: kernel === null ? null : kernel.last.threads,
    socketDrops: drops,
    socketQueueBytesMax: queues.length === 0 ? null : Math.max(...queues),
    gcMsByKind: gcMs,
    gcCountByKind: own && gcDelta(own.first.gc, own.last.gc, 'count'),
    gcTimeShare: own && gcMs && gcKinds.reduce((sum, kind) => sum + gcMs[kind], 0) / own.elapsedMs,
    eventLoopDelayNsP99Median: median(runtime.map((row) => row.eventLoopDelayNsP99)),
    eventLoopDelayNsMax:
      runtime.length === 0 ? null : Math.max(...runtime.map((row) => row.eventLoopDelayNsMax)),
    eventLoopUtilizationMean:
      runtime.length === 0 ? null : mean(runtime.map((row) => row.eventLoopUtilization)),
  };
}

type GcTotals = Readonly<Record<GcKind, { readonly count: number; readonly ms: number }>>;

function gcDelta(first: GcTotals, last: GcTotals, field: 'count' | 'ms'): Record<GcKind, number> {
  return Object.fromEntries(gcKinds.map((kind) => [kind, last[kind][field] - first[kind][field]])) as Record<
    GcKind,
    number
  >;
}

function perRequest(cpuShare: number | null, perSecond: number | null): number | null {
  return cpuShare === null || perSecond === null || perSecond === 0 ? null : (cpuShare * 1e6) / perSecond;
}

function difference(first: number | null, last: number | null): number | null {
  return first === null || last === null ? null : last - first;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
