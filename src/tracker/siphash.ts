/**
 * SipHash-2-4: a keyed hash with a 128-bit key and a 64-bit result, made for short inputs. Pure. The 64-bit words are
 * held as two 32-bit halves, since a BigInt would be allocated for every step.
 *
 * @see https://www.aumasson.jp/siphash/siphash.pdf
 */

/** "Key" of SipHash: 128 bits. */
export const SIPHASH_KEY_BYTES = 16;

/** Reads a little-endian 32-bit integer, signed as the bit operators have it; bytes from `end` on count as 0. */
function readLittleEndian(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }
  let word = 0;
  for (let byte = 0; byte < 4 && at + byte < end; byte++) {
    word |= (bytes[at + byte] as number) << (8 * byte);
  }
  return word;
}

/**
 * Hashes `length` bytes of `bytes` from its start.
 *
 * @param key - 16 bytes
 * @param result - receives the low 32 bits at index 0 and the high 32 bits at index 1
 */
export function sipHash24(key: Uint8Array, bytes: Uint8Array, length: number, result: Uint32Array): void {
  const key0Low = readLittleEndian(key, 0, 16);
  const key0High = readLittleEndian(key, 4, 16);
  const key1Low = readLittleEndian(key, 8, 16);
  const key1High = readLittleEndian(key, 12, 16);
  // "somepseudorandomlygeneratedbytes", four 64-bit words of the specification.
  let low0 = key0Low ^ 0x70736575;
  let high0 = key0High ^ 0x736f6d65;
  let low1 = key1Low ^ 0x6e646f6d;
  let high1 = key1High ^ 0x646f7261;
  let low2 = key0Low ^ 0x6e657261;
  let high2 = key0High ^ 0x6c796765;
  let low3 = key1Low ^ 0x79746573;
  let high3 = key1High ^ 0x74656462;

  // The last word of the message carries the length in its top byte; one more pass than that finalises.
  const words = (length >>> 3) + 1;
  for (let word = 0; word <= words; word++) {
    let messageLow = 0;
    let messageHigh = 0;
    let rounds = 2;
    if (word < words) {
      messageLow = readLittleEndian(bytes, word * 8, length);
      messageHigh = readLittleEndian(bytes, word * 8 + 4, length);
      if (word === words - 1) {
        messageHigh |= length << 24;
      }
      low3 ^= messageLow;
      high3 ^= messageHigh;
    } else {
      low2 ^= 0xff;
      rounds = 4;
    }
    for (let round = 0; round < rounds; round++) {
      let sum = (low0 + low1) | 0;
      high0 = (high0 + high1 + (sum >>> 0 < low0 >>> 0 ? 1 : 0)) | 0;
      low0 = sum;
      let swap = (high1 << 13) | (low1 >>> 19);
      low1 = ((low1 << 13) | (high1 >>> 19)) ^ low0;
      high1 = swap ^ high0;
      swap = low0;
      low0 = high0;
      high0 = swap;

      sum = (low2 + low3) | 0;
      high2 = (high2 + high3 + (sum >>> 0 < low2 >>> 0 ? 1 : 0)) | 0;
      low2 = sum;
      swap = (high3 << 16) | (low3 >>> 16);
      low3 = ((low3 << 16) | (high3 >>> 16)) ^ low2;
      high3 = swap ^ high2;

      sum = (low0 + low3) | 0;
      high0 = (high0 + high3 + (sum >>> 0 < low0 >>> 0 ? 1 : 0)) | 0;
      low0 = sum;
      swap = (high3 << 21) | (low3 >>> 11);
      low3 = ((low3 << 21) | (high3 >>> 11)) ^ low0;
      high3 = swap ^ high0;

      sum = (low2 + low1) | 0;
      high2 = (high2 + high1 + (sum >>> 0 < low2 >>> 0 ? 1 : 0)) | 0;
      low2 = sum;
      swap = (high1 << 17) | (low1 >>> 15);
      low1 = ((low1 << 17) | (high1 >>> 15)) ^ low2;
      high1 = swap ^ high2;
      swap = low2;
      low2 = high2;
      high2 = swap;
    }
    low0 ^= messageLow;
    high0 ^= messageHigh;
  }
  result[0] = low0 ^ low1 ^ low2 ^ low3;
  result[1] = high0 ^ high1 ^ high2 ^ high3;
}
