import type { Nanoseconds } from '../../units.ts';
import { LatencyCounts, type LatencyPairs } from './latency-counts.ts';
import { Outcome } from './phase-tally.ts';

/** What happened in one thread since the snapshot before, whatever the phase in which a request was sent. */
export interface IntervalReport {
  readonly sent: number;
  readonly succeeded: number;
  readonly timedOut: number;
  readonly errorReplies: number;
  readonly malformedReplies: number;
  readonly sendFailed: number;
  /** Latency of the valid replies, all operations, from the (in open loop intended) send; null: there was none. */
  readonly latency: LatencyPairs | null;
}

/** Counts until {@link takeReport} and then from zero again. */
export class IntervalTally {
  sent = 0;
  readonly #outcomes = new Float64Array(Object.keys(Outcome).length);
  readonly #latency = new LatencyCounts();

  countOutcome(outcome: Outcome): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] as number) + 1;
  }

  recordReply(latencyNs: Nanoseconds): void {
    this.#latency.record(latencyNs, 1);
  }

  takeReport(): IntervalReport {
    const outcomes = this.#outcomes;
    const report = {
      sent: this.sent,
      succeeded: outcomes[Outcome.succeeded] as number,
      timedOut: outcomes[Outcome.timedOut] as number,
      errorReplies: outcomes[Outcome.errorReplies] as number,
      malformedReplies: outcomes[Outcome.malformedReplies] as number,
      sendFailed: outcomes[Outcome.sendFailed] as number,
      latency: this.#latency.toPairs(),
    };
    this.sent = 0;
    outcomes.fill(0);
    this.#latency.reset();
    return report;
  }
}
