import type { Nanoseconds } from '../../units.ts';
import type { RandomStream } from '../statistics/random-stream.ts';
import type { Arrivals } from './arrivals.ts';

/**
 * Requests of very many clients that know nothing of each other. However regular each is, with intervals that differ by some jitter
 * their requests together come as a Poisson process.
 *
 * @see Khintchine, Mathematical Methods in the Theory of Queueing, 1960 (superposition of renewal processes)
 */
export class PoissonArrivals implements Arrivals {
  readonly #random: RandomStream;
  readonly #meanGapNs: Nanoseconds;
  readonly #endNs: Nanoseconds;
  #atNs: Nanoseconds = 0;

  /** @param ratePerSecond - above 0 */
  constructor(ratePerSecond: number, endNs: Nanoseconds, random: RandomStream) {
    this.#random = random;
    this.#meanGapNs = 1e9 / ratePerSecond;
    this.#endNs = endNs;
  }

  get atNs(): Nanoseconds {
    return this.#atNs;
  }

  next(): boolean {
    this.#atNs += exponential(this.#meanGapNs, this.#random);
    return this.#atNs < this.#endNs;
  }

  dropped(): void {}
}

/** A draw of the exponential distribution. */
export function exponential(mean: number, random: RandomStream): number {
  return -mean * Math.log(1 - random());
}
