/**
 * Random numbers for choosing peers: xoshiro128**, which passes the usual statistical batteries and costs a few
 * nanoseconds. Not for secrets. Pure: the same seed gives the same numbers.
 *
 * @see https://prng.di.unimi.it/xoshiro128starstar.c
 */
export class RandomSource {
  private readonly state = new Int32Array(4);

  /** @param seed - four 32-bit words, not all zero */
  constructor(seed: ArrayLike<number>) {
    for (let index = 0; index < 4; index++) {
      this.state[index] = seed[index] ?? 0;
    }
    if (this.state.every((word) => word === 0)) {
      throw new RangeError('a seed of zeros gives zeros only');
    }
  }

  /**
   * An integer from 0 to `bound - 1`; the share of each differs from `1 / bound` by less than 2^-32.
   *
   * @param bound - at most 2^31
   */
  below(bound: number): number {
    return ((this.next() >>> 0) * bound * 2 ** -32) | 0;
  }

  /** 32 bits, signed: as an unsigned number every other one would be boxed on its way to the caller. */
  private next(): number {
    const state = this.state;
    const s1 = state[1] as number;
    let result = Math.imul(s1, 5);
    result = Math.imul((result << 7) | (result >>> 25), 9);
    const shifted = s1 << 9;
    const s2 = (state[2] as number) ^ (state[0] as number);
    const s3 = (state[3] as number) ^ s1;
    state[1] = s1 ^ s2;
    state[0] = (state[0] as number) ^ s3;
    state[2] = s2 ^ shifted;
    state[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }
}
