import { describe, expect, it } from 'vitest';
import { hashWords } from '../../src/tracker/table-hash.ts';

describe('hashWords', () => {
  it('spreads counted inputs evenly over the slots of a table', () => {
    const key = Uint32Array.of(0x01234567, 0x89abcdef);
    const slots = new Uint32Array(256);
    for (let input = 0; input < 65_536; input++) {
      const slot = hashWords(key, Uint32Array.of(input, 0, 0, 0, 0), 5) & 255;
      slots[slot] = (slots[slot] as number) + 1;
    }
    const chiSquare = slots.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);
    // 255 degrees of freedom: 99.9 % lie below 330.5.
    expect(chiSquare).toBeLessThan(330.5);
  });

  it('depends on each word, on their number and on both words of the key', () => {
    const words = Uint32Array.of(1, 2, 3);
    const results = [
      hashWords(Uint32Array.of(1, 1), words, 3),
      hashWords(Uint32Array.of(1, 2), words, 3),
      hashWords(Uint32Array.of(2, 1), words, 3),
      hashWords(Uint32Array.of(1, 1), words, 2),
      hashWords(Uint32Array.of(1, 1), Uint32Array.of(1, 2, 4), 3),
      hashWords(Uint32Array.of(1, 1), Uint32Array.of(0, 2, 3), 3),
    ];
    expect(new Set(results).size).toBe(results.length);
    expect(results.every((result) => Number.isInteger(result) && result >= 0 && result < 2 ** 32)).toBe(true);
  });
});
