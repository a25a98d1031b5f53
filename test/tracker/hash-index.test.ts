import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex, NO_HANDLE } from '../../src/tracker/hash-index.ts';

function valuesOf(index: HashIndex, hash: number): number[] {
  const values: number[] = [];
  for (let handle = index.find(hash); handle !== NO_HANDLE; handle = index.findNext(hash, handle)) {
    values.push(index.value(handle));
  }
  return values.sort((a, b) => a - b);
}

describe('HashIndex', () => {
  it('holds the same pairs as a plain list, whatever is added, removed and replaced', () => {
    // Few hashes, all over the range: long probes, wrap-around, and equal pairs.
    const hash = fc.constantFrom(0, 1, 2, 63, 64, 127, 0x8000_0000, 0xffff_ffff, 0xffff_ffc0);
    const step = fc.record({
      kind: fc.constantFrom('add', 'add', 'remove', 'replace'),
      hash,
      value: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const index = new HashIndex();
        const model: { hash: number; value: number }[] = [];
        for (const { kind, hash, value } of steps) {
          const found = model.find((pair) => pair.hash === hash);
          if (kind === 'add') {
            index.add(hash, value);
            model.push({ hash, value });
          } else if (found !== undefined && kind === 'remove') {
            index.remove(hash, found.value);
            model.splice(model.indexOf(found), 1);
          } else if (found !== undefined) {
            index.replace(hash, found.value, value);
            found.value = value;
          }
          expect(valuesOf(index, hash)).toEqual(
            model
              .filter((pair) => pair.hash === hash)
              .map((pair) => pair.value)
              .sort((a, b) => a - b),
          );
        }
        expect(index.size).toBe(model.length);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('finds everything at every moment of growing and shrinking, and becomes small again', () => {
    const index = new HashIndex();
    const emptyBytes = index.sizeBytes;
    const hashOf = (value: number) => Math.imul(value, 0x9e3779b1) >>> 0;
    const total = 20_000;
    for (let value = 0; value < total; value++) {
      index.add(hashOf(value), value);
      const probe = (value * 7919) % (value + 1);
      expect(valuesOf(index, hashOf(probe))).toEqual([probe]);
    }
    expect(index.size).toBe(total);
    // At most 16 bytes a pair and a half-emptied table of half the size.
    expect(index.sizeBytes).toBeLessThan(total * 8 * 4);
    for (let value = 0; value < total; value++) {
      index.remove(hashOf(value), value);
      const probe = value + 1 + ((value * 104_729) % Math.max(total - value - 1, 1));
      expect(valuesOf(index, hashOf(probe))).toEqual(probe < total ? [probe] : []);
    }
    expect(index.size).toBe(0);
    expect(index.sizeBytes).toBe(emptyBytes);
  });

  it('becomes small without further changes when it is told to settle', () => {
    const index = new HashIndex();
    for (let value = 0; value < 10_000; value++) {
      index.add(value * 3, value);
    }
    for (let value = 0; value < 9_900; value++) {
      index.remove(value * 3, value);
    }
    for (let turn = 0; turn < 100; turn++) {
      index.settle(1000);
    }
    expect(index.sizeBytes).toBeLessThanOrEqual(8 * 512);
    expect(valuesOf(index, 9_950 * 3)).toEqual([9_950]);
  });

  it('says so when a pair to remove is not there', () => {
    const index = new HashIndex();
    index.add(5, 1);
    expect(() => index.remove(5, 2)).toThrow('no pair (5, 2)');
  });
});
