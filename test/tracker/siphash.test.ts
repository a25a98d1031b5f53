import { describe, expect, it } from 'vitest';
import { sipHash24 } from '../../src/tracker/siphash.ts';

/** Key 00 01 .. 0f and message 00 01 .. of that length: the reference vectors of the authors, little-endian. */
const vectors: readonly (readonly [number, string])[] = [
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [7, '37d1018bf50002ab'],
  [8, '6224939a79f5f593'],
  [15, 'e545be4961ca29a1'],
];

function hashHex(key: Uint8Array, message: Uint8Array): string {
  const words = new Uint32Array(2);
  sipHash24(key, message, message.length, words);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(words[0] as number, 0);
  bytes.writeUInt32LE(words[1] as number, 4);
  return bytes.toString('hex');
}

describe('sipHash24', () => {
  const key = Uint8Array.from({ length: 16 }, (_, index) => index);

  it.each(vectors)('agrees with the reference vector of %i bytes', (length, expected) => {
    expect(
      hashHex(
        key,
        Uint8Array.from({ length }, (_, index) => index),
      ),
    ).toBe(expected);
  });

  it('reads no more bytes than it is told to', () => {
    const words = [new Uint32Array(2), new Uint32Array(2)] as const;
    sipHash24(key, Uint8Array.of(1, 2, 3, 4, 5), 3, words[0]);
    sipHash24(key, Uint8Array.of(1, 2, 3, 9, 9), 3, words[1]);
    expect(words[0]).toEqual(words[1]);
  });

  it('changes with every bit of the key', () => {
    const message = Uint8Array.of(127, 0, 0, 1);
    const seen = new Set([hashHex(key, message)]);
    for (let bit = 0; bit < 128; bit++) {
      const other = Uint8Array.from(key);
      other[bit >>> 3] = (other[bit >>> 3] as number) ^ (1 << (bit & 7));
      seen.add(hashHex(other, message));
    }
    expect(seen.size).toBe(129);
  });
});
