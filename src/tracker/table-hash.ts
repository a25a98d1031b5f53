/**
 * The hash under which the tracker's tables file their entries: the HalfSipHash round of the SipHash authors, one round
 * a word and three at the end, over 32-bit words. Keyed, because info hashes and ports are chosen by strangers, who
 * could otherwise make all of theirs collide. Pure.
 *
 * @see https://github.com/veorq/SipHash
 */

/**
 * Hashes the first `count` words.
 *
 * @param key - two words
 * @returns an unsigned 31-bit integer: V8 keeps it without a box, which every other half of the 32-bit ones would need
 */
export function hashWords(key: Uint32Array, words: Uint32Array, count: number): number {
  const key0 = key[0] as number;
  const key1 = key[1] as number;
  let v0 = key0 | 0;
  let v1 = key1 | 0;
  let v2 = key0 ^ 0x6c796765;
  let v3 = key1 ^ 0x74656462;
  for (let index = 0; index <= count; index++) {
    const last = index === count;
    const word = last ? count << 26 : (words[index] as number);
    v3 ^= word;
    for (let round = last ? 3 : 0; round >= 0; round--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (last && round === 3) {
        v0 ^= word;
        v2 ^= 0xff;
      }
    }
    if (!last) {
      v0 ^= word;
    }
  }
  return (v1 ^ v3) & 0x7fff_ffff;
}
