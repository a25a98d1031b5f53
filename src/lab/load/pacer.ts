/** When requests are due. Pure: the clock is an argument. */
import type { Nanoseconds } from '../../units.ts';

/** The fixed grid of one load thread in open loop; every thread takes each `threads`-th point of the common grid. */
export interface GridOptions {
  /** Of all threads together. */
  readonly ratePerSecond: number;
  readonly threads: number;
  readonly thread: number;
  /** Time of the common grid's first point. */
  readonly startNs: Nanoseconds;
}

/** Open loop: points in time at a fixed rate. Nothing that the tracker does moves or removes one. */
export class Grid {
  /** Distance of two points of this thread. */
  readonly stepNs: Nanoseconds;
  readonly #firstNs: Nanoseconds;
  #taken = 0;

  constructor(options: GridOptions) {
    const commonStepNs = 1e9 / options.ratePerSecond;
    this.stepNs = commonStepNs * options.threads;
    this.#firstNs = options.startNs + commonStepNs * options.thread;
  }

  /** The first point that was not taken yet. */
  get nextNs(): Nanoseconds {
    // A product, not a running sum: after 10^8 points a sum would have drifted.
    return this.#firstNs + this.#taken * this.stepNs;
  }

  /** How many points up to `limitNs` were not taken yet. */
  countDue(limitNs: Nanoseconds): number {
    return Math.max(0, Math.floor((limitNs - this.#firstNs) / this.stepNs) + 1 - this.#taken);
  }

  /** Takes {@link nextNs} into a column: as a result it would be a box for each request wherever V8 does not inline this. */
  takeInto(column: Float64Array, slot: number): void {
    column[slot] = this.#firstNs + this.#taken * this.stepNs;
    this.#taken++;
  }

  /** Takes all points up to `limitNs`, whatever their number, at once. Returns how many there were. */
  takeUntil(limitNs: Nanoseconds): number {
    const due = this.countDue(limitNs);
    this.#taken += due;
    return due;
  }
}

/** Closed loop: workers begin one after another, so that the first requests are no burst. */
export class Ramp {
  readonly #workers: number;
  readonly #startNs: Nanoseconds;
  readonly #lengthNs: Nanoseconds;
  #started = 0;

  constructor(workers: number, startNs: Nanoseconds, lengthNs: Nanoseconds) {
    this.#workers = workers;
    this.#startNs = startNs;
    this.#lengthNs = lengthNs;
  }

  get done(): boolean {
    return this.#started === this.#workers;
  }

  /** The next worker that is due to begin at `nowNs`, or -1. */
  nextDue(nowNs: Nanoseconds): number {
    if (this.done || this.#startNs + (this.#started * this.#lengthNs) / this.#workers > nowNs) return -1;
    return this.#started++;
  }
}

/** At most this many workers begin in one millisecond: 1 MiB of receive buffer holds that burst many times over. */
const MOST_STARTS_PER_MS = 20;
const LONGEST_RAMP_MS = 1_000;
const RAMP_SHARE_OF_WARMUP = 1 / 3;

/** Length of the ramp: a third of the warm-up, at most 1 s, and never steeper than 20 workers a millisecond. */
export function rampMs(concurrency: number, warmupMs: number): number {
  const gentle = Math.min(LONGEST_RAMP_MS, warmupMs * RAMP_SHARE_OF_WARMUP);
  return Math.max(gentle, concurrency / MOST_STARTS_PER_MS);
}
