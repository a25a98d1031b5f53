/** How long a request waits beyond what the tracker's own work explains. Pure. */
import type { Nanoseconds, Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseFigures, settledRequests } from './phase-figures.ts';
import { phaseLoad, runtimeRows, span } from './series.ts';
import { LOST_REQUEST_SHARE, STALL_NS } from './thresholds.ts';
import { usableCores, wantedCapacity } from './used-capacity.ts';

export interface WaitFigures {
  /** With a latency. */
  readonly replies: number;
  /** Of a typical request: the mean, or the median where loss and stalls are in the mean. */
  readonly latencyNs: Nanoseconds;
  readonly isMedian: boolean;
  /** CPU time of the tracker a reply: what it works for one. */
  readonly serviceNs: Nanoseconds;
  /** Share of its CPU that it uses or wants, 0 to 1. */
  readonly capacityShare: Share;
  /**
   * Service time with the queue in front of a server that busy, `service / (1 - utilisation)`, as of an M/M/1 queue, and
   * what the stalls of its event loop add.
   */
  readonly expectedNs: Nanoseconds;
  /** Of that, the stalls' part; 0 of a median, which does not see them, and where the loop was not sampled. */
  readonly stallNs: Nanoseconds;
  /** Latency less what is expected; 0 where it is explained. */
  readonly waitNs: Nanoseconds;
  readonly waitShare: Share;
  /** Requests that wait at any moment, by Little's law: wait times throughput. */
  readonly waitingRequests: number;
  /** In closed loop: cores that tracker and generator use together; null in open loop and where the generator's are not known. */
  readonly loopCpuShare: number | null;
}

/** Null where the clean phase has no reply or the tracker's CPU was not sampled. */
export function waitFigures(evidence: Evidence): WaitFigures | null {
  const figures = phaseFigures(evidence, 'clean');
  const capacityShare = wantedCapacity(evidence);
  // From the send on: in open loop the generator's own delay is no wait of the tracker's.
  const latency = evidence.latency('clean', 'all', 'service');
  const micros = figures?.target.cpuMicrosecondsPerRequest ?? null;
  const perSecond = figures?.requestsPerSecond ?? null;
  if (
    figures === null ||
    latency === null ||
    capacityShare === null ||
    micros === null ||
    perSecond === null
  ) {
    return null;
  }
  const settled = settledRequests(figures.requests);
  const isLossy = settled > 0 && figures.requests.failed / settled >= LOST_REQUEST_SHARE;
  const isStalled = (figures.target.eventLoopDelayNsMax ?? 0) >= STALL_NS;
  const isMedian = isLossy || isStalled;
  const latencyNs = isMedian ? latency.p50Ns : latency.meanNs;
  const serviceNs = micros * 1000;
  const left = Math.max(1e-3, 1 - capacityShare);
  const stallNs = isMedian ? 0 : stalledNs(evidence, figures.durationMs, settled, left);
  const expectedNs = serviceNs / left + stallNs;
  const waitNs = Math.max(0, latencyNs - expectedNs);
  return {
    replies: latency.count,
    latencyNs,
    isMedian,
    serviceNs,
    capacityShare,
    expectedNs,
    stallNs,
    waitNs,
    waitShare: latencyNs <= 0 ? 0 : waitNs / latencyNs,
    waitingRequests: (waitNs * perSecond) / 1e9,
    loopCpuShare: loopCpuShare(evidence, capacityShare),
  };
}

/**
 * What the event loop's stalls add to the mean latency. In open loop a request that comes at any moment of a stall waits for
 * half of it on average: stalls of `D` in a time `T` add `sum(D²) / 2T`, and the queue that they leave is worked off by what
 * capacity is left. In closed loop each worker waits for the whole of each stall once. Of each sample of the loop the
 * longest delay is known, so this is the least that they add.
 */
function stalledNs(evidence: Evidence, durationMs: number, requests: number, left: Share): Nanoseconds {
  const rows = runtimeRows(evidence, 'clean');
  if (span(rows) === null || durationMs <= 0 || requests <= 0) return 0;
  const sum = (of: (delayNs: Nanoseconds) => number): number =>
    rows.reduce((total, { eventLoopDelayNsMax }) => total + of(eventLoopDelayNsMax), 0);
  const { ratePerSecond, concurrency } = evidence.run.scenario;
  return ratePerSecond > 0
    ? sum((delayNs) => delayNs ** 2) / (2 * durationMs * 1e6 * left)
    : (concurrency * sum((delayNs) => delayNs)) / requests;
}

function loopCpuShare(evidence: Evidence, capacityShare: Share): number | null {
  if (evidence.run.scenario.ratePerSecond > 0) return null;
  const threads = phaseLoad(evidence, 'clean')?.threads ?? [];
  const shares = threads.map(({ cpuShare }) => cpuShare).filter((share) => share !== null);
  return shares.length === 0
    ? null
    : capacityShare * Math.min(1, usableCores(evidence)) + Math.max(...shares);
}
