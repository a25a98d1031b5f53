/** Noise that is the same in every run of the tests. */

/** Numbers of 0 to 1 by mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return function nextRandom() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Multiplies by 1 ± `level`, evenly spread. */
export type Noise = (value: number) => number;

export function noiseOf(level: number, seed: number): Noise {
  const random = seededRandom(seed);
  return function withNoise(value) {
    return value * (1 + level * (2 * random() - 1));
  };
}
