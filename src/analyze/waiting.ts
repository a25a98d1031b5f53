/** How long a request waits beyond what the tracker's own work explains. Pure. */
import type { Nanoseconds, Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseFigures, settledRequests } from './phase-figures.ts';
import { phaseLoad } from './series.ts';
import { LOST_REQUEST_SHARE, STALL_NS } from './thresholds.ts';
import { usableCores, wantedCapacity } from './used-capacity.ts';

export interface WaitFigures {
  /** Of a typical request: the mean, or the median where loss and stalls are in the mean. */
  readonly latencyNs: Nanoseconds;
  readonly isMedian: boolean;
  /** CPU time of the tracker a reply: what it works for one. */
  readonly serviceNs: Nanoseconds;
  /** Share of its CPU that it uses or wants, 0 to 1. */
  readonly capacityShare: Share;
  /** Service time with the queue in front of a server that busy: `service / (1 - utilisation)`, as of an M/M/1 queue. */
  readonly expectedNs: Nanoseconds;
  /** Latency less that; 0 where it is explained. */
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
  const expectedNs = serviceNs / Math.max(1e-3, 1 - capacityShare);
  const waitNs = Math.max(0, latencyNs - expectedNs);
  return {
    latencyNs,
    isMedian,
    serviceNs,
    capacityShare,
    expectedNs,
    waitNs,
    waitShare: latencyNs <= 0 ? 0 : waitNs / latencyNs,
    waitingRequests: (waitNs * perSecond) / 1e9,
    loopCpuShare: loopCpuShare(evidence, capacityShare),
  };
}

function loopCpuShare(evidence: Evidence, capacityShare: Share): number | null {
  if (evidence.run.scenario.ratePerSecond > 0) return null;
  const threads = phaseLoad(evidence, 'clean')?.threads ?? [];
  const shares = threads.map(({ cpuShare }) => cpuShare).filter((share) => share !== null);
  return shares.length === 0
    ? null
    : capacityShare * Math.min(1, usableCores(evidence)) + Math.max(...shares);
}
