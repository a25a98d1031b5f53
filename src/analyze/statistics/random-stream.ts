/** A repeatable stream of random numbers for resampling: equal seeds give equal verdicts on every machine. */
export type RandomStream = () => number;

/**
 * xoshiro128** of a 32-bit seed: numbers from 0 to just below 1 in steps of 2^-32.
 *
 * @see https://prng.di.unimi.it/ (Blackman and Vigna; the state is filled by a Weyl sequence through a 32-bit mixer)
 */
export function randomStream(seed: number): RandomStream {
  let weyl = seed >>> 0;
  const fill = (): number => {
    weyl = (weyl + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(weyl ^ (weyl >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill() | 1];
  return function nextRandom() {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled / 2 ** 32;
  };
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
