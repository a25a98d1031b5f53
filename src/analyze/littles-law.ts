/** Little's law on the clean phase: in a closed loop, latency follows from concurrency and throughput. Pure. */
import type { Nanoseconds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseFigures } from './phase-figures.ts';
import { LITTLES_LAW_TOLERANCE, QUEUE_TAIL_FACTOR, SATURATED_CPU_SHARE } from './thresholds.ts';
import { wantedCapacity } from './used-capacity.ts';

export interface LittlesLaw {
  readonly concurrency: number;
  /** Requests with a latency, a second. */
  readonly throughputPerSecond: number;
  readonly meanLatencyNs: Nanoseconds;
  /** Concurrency over throughput. */
  readonly expectedLatencyNs: Nanoseconds;
  /** Mean latency times throughput over concurrency: 1 where every worker always waits for one reply. */
  readonly ratio: number;
  /** The mean latency is what the loop makes it: a queue of the load's own workers, no cause of its own. */
  readonly explains: boolean;
  /**
   * It explains, the tracker had used up its CPU, and P95 is near the mean: else a long tail is stalls, and the mean what a
   * request takes. The law is one of means; it says nothing of a tail.
   */
  readonly isQueue: boolean;
}

/** Null in open loop, and where nothing was answered in the clean phase. */
export function littlesLaw(evidence: Evidence): LittlesLaw | null {
  const { concurrency, ratePerSecond } = evidence.run.scenario;
  const figures = phaseFigures(evidence, 'clean');
  if (ratePerSecond > 0 || figures === null || figures.durationMs <= 0) return null;
  const latency = evidence.latency('clean', 'all', 'service');
  if (latency === null) return null;
  const throughputPerSecond = (latency.count * 1000) / figures.durationMs;
  const expectedLatencyNs = (concurrency * 1e9) / throughputPerSecond;
  const ratio = latency.meanNs / expectedLatencyNs;
  const explains = Math.abs(ratio - 1) <= LITTLES_LAW_TOLERANCE;
  return {
    concurrency,
    throughputPerSecond,
    meanLatencyNs: latency.meanNs,
    expectedLatencyNs,
    ratio,
    explains,
    isQueue:
      explains &&
      latency.p95Ns <= QUEUE_TAIL_FACTOR * latency.meanNs &&
      (wantedCapacity(evidence) ?? 0) >= SATURATED_CPU_SHARE,
  };
}
