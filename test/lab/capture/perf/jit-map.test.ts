import { describe, expect, it } from 'vitest';
import { JitMap } from '../../../../src/lab/capture/perf/jit-map.ts';

describe('the map of a JIT compiler', () => {
  it('names the addresses of a function from its first byte to its last', () => {
    const map = new JitMap('7f00001000 20 JS:*first\n7f00001020 10 JS:*second one\n');
    expect(map.size).toBe(2);
    expect([0x7f00000fff, 0x7f00001000, 0x7f0000101f].map((address) => map.nameAt(address))).toEqual([
      undefined,
      'JS:*first',
      'JS:*first',
    ]);
    expect([0x7f00001020, 0x7f0000102f, 0x7f00001030].map((address) => map.nameAt(address))).toEqual([
      'JS:*second one',
      'JS:*second one',
      undefined,
    ]);
  });

  it('takes the last line where memory was used again, and the first where the last does not reach', () => {
    const map = new JitMap('1000 100 old\n1020 20 new\n1030 4 newest\n');
    expect([0x1010, 0x1025, 0x1031, 0x1035, 0x1041].map((address) => map.nameAt(address))).toEqual([
      'old',
      'new',
      'newest',
      'new',
      'old',
    ]);
  });

  it('finds functions that span pages', () => {
    const map = new JitMap('1ff0 3000 long\n');
    expect([0x1ff0, 0x2000, 0x3abc, 0x4fef, 0x4ff0].map((address) => map.nameAt(address))).toEqual([
      'long',
      'long',
      'long',
      'long',
      undefined,
    ]);
  });

  it.each([
    ['no name', '1000 20 \n'],
    ['no size', '1000 JS:f\n'],
    ['size 0', '1000 0 f\n'],
    ['a size that no function has', '1000 ffffffff f\n'],
    ['an address beyond 56 bits', 'ffffffffffffffff 10 f\n'],
    ['text', 'hello\n\u0000\n'],
    ['nothing', ''],
  ])('leaves out a line with %s', (_what, text) => {
    expect(new JitMap(text).size).toBe(0);
  });

  it('reads a line that is still being written as far as it goes', () => {
    expect(new JitMap('1000 20 f\n1020 2').nameAt(0x1000)).toBe('f');
  });
});
