/** The plain figures of one phase, computed from its counts and samples. Pure; nothing here is judged. */
import { type Operation, operations, type PhaseName } from '../run.ts';
import type { Milliseconds, Share } from '../units.ts';
import type { Evidence, LatencySummary } from './evidence.ts';
import { phaseLoad } from './series.ts';
import { type TargetFigures, targetFigures } from './target-figures.ts';
import { type TimeoutCauses, timeoutCauses } from './timeout-causes.ts';

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

export interface PhaseFigures {
  readonly phase: PhaseName;
  readonly durationMs: Milliseconds;
  readonly requests: RequestFigures;
  /** Open loop: due in the phase and never sent; no part of `requests`. Null where that was not counted. */
  readonly notSent: number | null;
  /** Where those that timed out were lost; they add up to `requests.timedOut`. */
  readonly timeoutCauses: TimeoutCauses;
  /** Of those that came to an end; what was in flight when a run was cut short is neither. Null where nothing did. */
  readonly successShare: Share | null;
  readonly errorShare: Share | null;
  /** Successful requests a second. */
  readonly requestsPerSecond: number | null;
  /** Successful requests over those that an open loop was to send; null in closed loop, and where that was none. */
  readonly servedShare: Share | null;
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
  const target = targetFigures(evidence, phase, perSecond(answered));
  return {
    phase,
    durationMs,
    requests,
    notSent: load.notSent ?? null,
    timeoutCauses: timeoutCauses({
      timedOut: requests.timedOut,
      late: load.strayReplies.late,
      trackerDrops: target.socketDrops,
      generatorDrops: load.generatorSocketDrops,
    }),
    successShare: ratio(requests.succeeded, settledRequests(requests)),
    errorShare: ratio(requests.failed, settledRequests(requests)),
    requestsPerSecond: perSecond(requests.succeeded),
    servedShare: servedShare(evidence, requests, durationMs),
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
    target,
  };
}

/** Requests that came to an end: all but those in flight when a run was cut short. */
export function settledRequests(requests: { readonly sent: number; readonly unresolved: number }): number {
  return requests.sent - requests.unresolved;
}

function servedShare(evidence: Evidence, requests: RequestFigures, durationMs: Milliseconds): Share | null {
  const { ratePerSecond, loadThreads } = evidence.run.scenario;
  if (ratePerSecond === 0) return null;
  // The next point of each thread's grid may lie on either side of the phase's end.
  const due = (ratePerSecond * durationMs) / 1000 - loadThreads;
  return ratio(requests.succeeded, Math.max(settledRequests(requests), due - requests.unresolved, 0));
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

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
