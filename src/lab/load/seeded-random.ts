/** 2^32 divided by the golden ratio, odd: the step of a Weyl sequence that visits every 32-bit state once. */
const WEYL_STEP = 0x9e3779b9;

/** MurmurHash3's 32-bit finaliser: every input bit changes each output bit with a chance of about one half. */
function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * A repeatable stream of random numbers: a mixed Weyl sequence. Equal `(seed, stream)` give equal numbers on every
 * machine; different streams of one seed are unrelated. For load shapes, not for secrets.
 */
export class SeededRandom {
  #state: number;

  /**
   * @param seed - a non-negative integer, up to 2^53
   * @param stream - which of the seed's streams, for example the number of a worker
   */
  constructor(seed: number, stream: number) {
    this.#state = mix32(
      mix32(seed >>> 0) ^ mix32(Math.floor(seed / 2 ** 32) + 1) ^ Math.imul(stream, 0x2545f491),
    );
  }

  /** An integer from 0 to 2^32 - 1. */
  nextUint32(): number {
    this.#state = (this.#state + WEYL_STEP) >>> 0;
    return mix32(this.#state);
  }

  /** A number from 0 to just below 1, in steps of 2^-32. */
  nextFloat(): number {
    return this.nextUint32() / 2 ** 32;
  }

  /** An integer from 0 to `bound - 1`; `bound` is at most 2^32. */
  nextBelow(bound: number): number {
    return Math.floor(this.nextFloat() * bound);
  }
}
