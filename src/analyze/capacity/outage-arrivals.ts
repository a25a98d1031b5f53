/** What comes at a tracker that is back after an outage, by the time-outs of BEP 15. */
import type { Nanoseconds } from '../../units.ts';
import type { RandomStream } from '../statistics/random-stream.ts';
import type { Arrivals } from './arrivals.ts';
import { exponential } from './poisson-arrivals.ts';

/** Seconds until a request is sent again, doubled with each time. Source: BEP 15, "Time outs": 15 * 2 ^ n. */
const FIRST_TIMEOUT_S = 15;
/** A client sends a request again so many times, then gives up. Source: BEP 15, n from 0 up to 8. */
const MOST_RETRIES = 8;
/** A new request, and each retry of it. */
const STAGES = MOST_RETRIES + 1;

/** Retries are scheduled into slots so long, and spread evenly within one. */
const SLOT_NS: Nanoseconds = 10e6;

export interface OutageOptions {
  /** Requests a second that the clients have without an outage. Above 0. */
  readonly ratePerSecond: number;
  /** How long nothing was answered, before the simulation's clock begins. */
  readonly outageNs: Nanoseconds;
  readonly endNs: Nanoseconds;
  readonly random: RandomStream;
}

/** A time in which the same stages come by themselves: 0 are new requests, `n` those that are sent for the n-th time again. */
interface Flow {
  readonly untilNs: Nanoseconds;
  readonly stages: readonly number[];
}

/**
 * Each client had its request due at a moment of its own during the outage, and sends it again 15, 45, 105, ... seconds after
 * that. Once the tracker is back those whose n-th retry is next come at the same rate as new requests do, for each n that the
 * outage was long enough for, until that time-out is over. A request that finds no room is sent again after its own time-out.
 */
export class OutageArrivals implements Arrivals {
  readonly #random: RandomStream;
  readonly #ratePerSecond: number;
  readonly #endNs: Nanoseconds;
  readonly #flows: readonly Flow[];
  #flow = 0;
  /** Retries of dropped requests, by slot and stage. */
  readonly #retries: Uint32Array;
  readonly #slotCount: number;
  #slot = -1;
  #leftInSlot = 0;
  #nextFlowNs: Nanoseconds = 0;
  #nextRetryNs: Nanoseconds = Number.POSITIVE_INFINITY;
  #atNs: Nanoseconds = 0;
  #stage = 0;
  #abandoned = 0;

  constructor({ ratePerSecond, outageNs, endNs, random }: OutageOptions) {
    this.#random = random;
    this.#ratePerSecond = ratePerSecond;
    this.#endNs = endNs;
    this.#flows = flowsAfter(outageNs);
    this.#slotCount = Math.ceil(endNs / SLOT_NS);
    this.#retries = new Uint32Array(this.#slotCount * STAGES);
    this.#nextFlowNs = this.#afterFlow(0);
    this.#findRetry();
  }

  get atNs(): Nanoseconds {
    return this.#atNs;
  }

  /** Requests whose client gave up. */
  get abandoned(): number {
    return this.#abandoned;
  }

  next(): boolean {
    // Slots that are empty now may have got retries since they were looked at.
    if (this.#leftInSlot === 0) this.#findRetry();
    if (this.#nextRetryNs < this.#nextFlowNs) {
      this.#atNs = this.#nextRetryNs;
      this.#stage = this.#takeRetry();
      this.#placeRetry();
    } else {
      this.#atNs = this.#nextFlowNs;
      const { stages } = this.#flows[this.#flow] as Flow;
      this.#stage = stages[Math.floor(this.#random() * stages.length)] as number;
      this.#nextFlowNs = this.#afterFlow(this.#atNs);
    }
    return this.#atNs < this.#endNs;
  }

  dropped(): void {
    if (this.#stage === MOST_RETRIES) {
      this.#abandoned++;
      return;
    }
    const dueNs = this.#atNs + FIRST_TIMEOUT_S * 2 ** this.#stage * 1e9;
    const slot = Math.floor(dueNs / SLOT_NS);
    if (slot < this.#slotCount) this.#add(slot, this.#stage + 1, 1);
  }

  /** The gaps have no memory: where the flow changes before the next arrival, the draw begins anew there. */
  #afterFlow(fromNs: Nanoseconds): Nanoseconds {
    let startNs = fromNs;
    for (;;) {
      const { untilNs, stages } = this.#flows[this.#flow] as Flow;
      const atNs = startNs + exponential(1e9 / (this.#ratePerSecond * stages.length), this.#random);
      if (atNs < untilNs) return atNs;
      startNs = untilNs;
      this.#flow++;
    }
  }

  /** The first slot from the present one on that has retries before the next arrival of the flow. */
  #findRetry(): void {
    const last = Math.min(this.#slotCount - 1, Math.floor(this.#nextFlowNs / SLOT_NS));
    while (this.#leftInSlot === 0 && this.#slot < last) {
      this.#slot++;
      this.#leftInSlot = this.#countOf(this.#slot);
      this.#nextRetryNs = this.#slot * SLOT_NS;
    }
    this.#placeRetry();
  }

  /** The earliest of `n` moments spread evenly over what is left of the slot. */
  #placeRetry(): void {
    if (this.#leftInSlot === 0) {
      this.#nextRetryNs = Number.POSITIVE_INFINITY;
      return;
    }
    const endNs = (this.#slot + 1) * SLOT_NS;
    this.#nextRetryNs += (endNs - this.#nextRetryNs) * (1 - (1 - this.#random()) ** (1 / this.#leftInSlot));
  }

  #takeRetry(): number {
    let pick = Math.floor(this.#random() * this.#leftInSlot);
    for (let stage = 1; stage < STAGES; stage++) {
      const count = this.#retries[this.#slot * STAGES + stage] as number;
      if (pick < count) {
        this.#add(this.#slot, stage, -1);
        this.#leftInSlot--;
        return stage;
      }
      pick -= count;
    }
    throw new RangeError('a slot has fewer retries than were counted');
  }

  #countOf(slot: number): number {
    let count = 0;
    for (let at = slot * STAGES; at < (slot + 1) * STAGES; at++) count += this.#retries[at] as number;
    return count;
  }

  #add(slot: number, stage: number, count: number): void {
    const at = slot * STAGES + stage;
    this.#retries[at] = (this.#retries[at] as number) + count;
  }
}

/** The times after an outage, in order, with what comes in each by itself. */
function flowsAfter(outageNs: Nanoseconds): Flow[] {
  const spans = Array.from({ length: MOST_RETRIES }, (_, index) => {
    const stage = index + 1;
    const gapNs = FIRST_TIMEOUT_S * 2 ** index * 1e9;
    // Retry n is due 15 * (2^n - 1) s after the request, which was due when the outage had begun.
    const fromNs = Math.max(0, FIRST_TIMEOUT_S * (2 ** stage - 1) * 1e9 - outageNs);
    return { stage, fromNs, untilNs: gapNs };
  }).filter(({ fromNs, untilNs }) => fromNs < untilNs);
  const edges = [...new Set([...spans.flatMap(({ fromNs, untilNs }) => [fromNs, untilNs]), Infinity])]
    .filter((edge) => edge > 0)
    .sort((a, b) => a - b);
  return edges.map((untilNs, index) => {
    const fromNs = edges[index - 1] ?? 0;
    const due = spans.filter((span) => span.fromNs <= fromNs && fromNs < span.untilNs);
    return { untilNs, stages: [0, ...due.map(({ stage }) => stage)] };
  });
}

/** How many times the usual rate comes at the worst moment after an outage, before anything is dropped. */
export function burstFactor(outageNs: Nanoseconds): number {
  return Math.max(...flowsAfter(outageNs).map(({ stages }) => stages.length));
}
