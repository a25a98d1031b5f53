/** Counters and histograms of one load thread, by phase. Pure. */
import {
  type Operation,
  type OperationCounts,
  operations,
  type PhaseName,
  phaseNames,
  type StrayReplies,
} from '../../run.ts';
import type { Nanoseconds } from '../../units.ts';
import { type CountsCopy, LatencyCounts } from './latency-counts.ts';
import { encodeHistogram } from './latency-histogram.ts';

/** Different error texts that are kept apart in a phase; the rest is counted under {@link OTHER_TEXTS}. */
export const MOST_ERROR_TEXTS = 20;
export const OTHER_TEXTS = 'other';

/** What becomes of a request, as an index into a row of counters. */
export const Outcome = {
  succeeded: 0,
  timedOut: 1,
  errorReplies: 2,
  malformedReplies: 3,
  sendFailed: 4,
  unresolved: 5,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
const OUTCOMES = Object.keys(Outcome).length;

/** One histogram as it travels; `clock` as in a run's histogram files. */
export interface EncodedHistogram {
  readonly phase: PhaseName;
  readonly operation: Operation;
  readonly clock: 'service' | 'response';
  readonly encoded: string;
}

/** What one thread counted in one phase. */
export interface TallyReport {
  readonly operations: Readonly<Record<Operation, OperationCounts>>;
  readonly strayReplies: StrayReplies;
  readonly errorTexts: Readonly<Record<string, number>>;
  readonly peersReceived: number;
  readonly retries: number;
  /** Null in closed loop, where a request is due when it can be sent. */
  readonly notSent: number | null;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sendLag: { readonly nsP50: number; readonly nsP99: number; readonly nsMax: number };
}

/** A whole tally as it is at one moment; plain data, for another thread. */
export interface TallyCopy {
  readonly stray: StrayReplies;
  readonly totals: readonly number[];
  readonly sent: Float64Array;
  readonly outcomes: Float64Array;
  readonly errorTexts: ReadonlyMap<string, number>;
  readonly sendLag: CountsCopy;
  readonly service: readonly CountsCopy[];
  /** Null in closed loop. */
  readonly response: readonly CountsCopy[] | null;
}

export class PhaseTally {
  readonly stray: { -readonly [Kind in keyof StrayReplies]: number } = {
    late: 0,
    duplicate: 0,
    unknown: 0,
    malformed: 0,
  };
  peersReceived = 0;
  retries = 0;
  sentBytes = 0;
  receivedBytes = 0;
  #notSent = 0;
  readonly #sendLag = new LatencyCounts();
  readonly #sent = new Float64Array(operations.length);
  readonly #outcomes = new Float64Array(operations.length * OUTCOMES);
  readonly #errorTexts = new Map<string, number>();
  readonly #service: readonly LatencyCounts[] = operations.map(() => new LatencyCounts());
  readonly #response: readonly LatencyCounts[] | null;

  /** @param openLoop - whether response time, from the intended send, is kept as well */
  constructor(openLoop: boolean) {
    this.#response = openLoop ? operations.map(() => new LatencyCounts()) : null;
  }

  /**
   * A tally of a load that still goes on, from its copy: what was in flight at that moment is unresolved, as it stays where
   * the load ends there.
   */
  static ofCopy(copy: TallyCopy): PhaseTally {
    const tally = new PhaseTally(copy.response !== null);
    Object.assign(tally.stray, copy.stray);
    const [peersReceived = 0, retries = 0, sentBytes = 0, receivedBytes = 0, notSent = 0] = copy.totals;
    Object.assign(tally, { peersReceived, retries, sentBytes, receivedBytes });
    tally.#notSent = notSent;
    tally.#sent.set(copy.sent);
    tally.#outcomes.set(copy.outcomes);
    for (const [text, count] of copy.errorTexts) tally.#errorTexts.set(text, count);
    tally.#sendLag.restore(copy.sendLag);
    copy.service.forEach((counts, operation) => {
      tally.#service[operation]?.restore(counts);
    });
    copy.response?.forEach((counts, operation) => {
      tally.#response?.[operation]?.restore(counts);
    });
    operations.forEach((_, operation) => {
      tally.#outcomes[operation * OUTCOMES + Outcome.unresolved] = tally.#inFlight(operation);
    });
    return tally;
  }

  /** For {@link PhaseTally.ofCopy}. */
  copy(): TallyCopy {
    return {
      stray: { ...this.stray },
      totals: [this.peersReceived, this.retries, this.sentBytes, this.receivedBytes, this.#notSent],
      sent: this.#sent.slice(),
      outcomes: this.#outcomes.slice(),
      errorTexts: new Map(this.#errorTexts),
      sendLag: this.#sendLag.copy(),
      service: this.#service.map((counts) => counts.copy()),
      response: this.#response?.map((counts) => counts.copy()) ?? null,
    };
  }

  countSent(operation: number, lengthBytes: number): void {
    this.#sent[operation] = (this.#sent[operation] as number) + 1;
    this.sentBytes += lengthBytes;
  }

  countOutcome(operation: number, outcome: Outcome): void {
    const at = operation * OUTCOMES + outcome;
    this.#outcomes[at] = (this.#outcomes[at] as number) + 1;
  }

  countErrorText(text: string): void {
    const isKept = this.#errorTexts.has(text) || this.#errorTexts.size < MOST_ERROR_TEXTS;
    const key = isKept ? text : OTHER_TEXTS;
    this.#errorTexts.set(key, (this.#errorTexts.get(key) ?? 0) + 1);
  }

  /** Notes the latency of a request that succeeded or timed out. */
  recordLatency(operation: number, serviceNs: Nanoseconds, responseNs: Nanoseconds): void {
    (this.#service[operation] as LatencyCounts).record(serviceNs, 1);
    if (this.#response !== null) (this.#response[operation] as LatencyCounts).record(responseNs, 1);
  }

  /** Open loop: `count` requests were due and never sent; each stands in the response times as `leastResponseNs`. */
  countNotSent(operation: number, leastResponseNs: Nanoseconds, count: number): void {
    this.#notSent += count;
    if (this.#response !== null) (this.#response[operation] as LatencyCounts).record(leastResponseNs, count);
  }

  /** Notes that `count` requests were handed to the socket `lagNs` after they had become due. */
  recordLag(lagNs: Nanoseconds, count: number): void {
    this.#sendLag.record(lagNs, count);
  }

  report(): TallyReport {
    return {
      operations: {
        connect: this.#countsOf(0),
        announce: this.#countsOf(1),
        scrape: this.#countsOf(2),
      },
      strayReplies: { ...this.stray },
      errorTexts: Object.fromEntries(this.#errorTexts),
      peersReceived: this.peersReceived,
      retries: this.retries,
      notSent: this.#response === null ? null : this.#notSent,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
      sendLag: lagOf(this.#sendLag),
    };
  }

  /** Every histogram that holds a value. */
  histograms(phase: PhaseName): EncodedHistogram[] {
    const clocks = [
      { clock: 'service', byOperation: this.#service },
      { clock: 'response', byOperation: this.#response ?? [] },
    ] as const;
    return clocks.flatMap(({ clock, byOperation }) =>
      byOperation.flatMap((counts, index) => {
        const operation = operations[index] as Operation;
        return counts.totalCount === 0
          ? []
          : [{ phase, operation, clock, encoded: encodeHistogram(counts.toHistogram()) }];
      }),
    );
  }

  #inFlight(operation: number): number {
    const outcomes = this.#outcomes.subarray(operation * OUTCOMES, (operation + 1) * OUTCOMES);
    return (this.#sent[operation] as number) - outcomes.reduce((sum, count) => sum + count, 0);
  }

  #countsOf(operation: number): OperationCounts {
    const count = (outcome: Outcome): number => this.#outcomes[operation * OUTCOMES + outcome] as number;
    return {
      sent: this.#sent[operation] as number,
      succeeded: count(Outcome.succeeded),
      timedOut: count(Outcome.timedOut),
      errorReplies: count(Outcome.errorReplies),
      malformedReplies: count(Outcome.malformedReplies),
      sendFailed: count(Outcome.sendFailed),
      unresolved: count(Outcome.unresolved),
    };
  }
}

function lagOf(counts: LatencyCounts): TallyReport['sendLag'] {
  if (counts.totalCount === 0) return { nsP50: 0, nsP99: 0, nsMax: 0 };
  const histogram = counts.toHistogram();
  return {
    nsP50: histogram.getValueAtPercentile(50),
    nsP99: histogram.getValueAtPercentile(99),
    nsMax: histogram.maxValue,
  };
}

/** Position of a phase in the order of a run. */
export function phaseIndex(phase: PhaseName): number {
  return phaseNames.indexOf(phase);
}
