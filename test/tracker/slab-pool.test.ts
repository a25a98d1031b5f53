import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlabPool } from '../../src/tracker/slab-pool.ts';

const sizes = [8, 24, 40, 100_000, 1_000_000];

function slabsOf(pool: SlabPool): number {
  return pool.slabs.filter((slab) => slab !== undefined).length;
}

describe('SlabPool', () => {
  it('gives blocks that never overlap', () => {
    const step = fc.record({ take: fc.boolean(), sizeClass: fc.nat(sizes.length - 1), which: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pool = new SlabPool(sizes);
        const held: { reference: number; mark: number; size: number }[] = [];
        let mark = 0;
        for (const { take, sizeClass, which } of steps) {
          if (take || held.length === 0) {
            mark++;
            const reference = pool.allocate(sizeClass);
            const size = sizes[sizeClass] as number;
            const at = pool.offsetOf(reference);
            pool.slabOf(reference).bytes.fill(mark, at, at + size);
            held.push({ reference, mark: mark & 0xff, size });
          } else {
            const [gone] = held.splice(which % held.length, 1);
            pool.free((gone as { reference: number }).reference);
          }
        }
        for (const { reference, mark, size } of held) {
          const at = pool.offsetOf(reference);
          const block = pool.slabOf(reference).bytes.subarray(at, at + size);
          expect(block.length).toBe(size);
          expect(block.every((byte) => byte === mark)).toBe(true);
        }
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('lets slabs go when their blocks are freed, and keeps one of a size', () => {
    const pool = new SlabPool(sizes);
    const references = Array.from({ length: 20_000 }, () => pool.allocate(2));
    expect(slabsOf(pool)).toBeGreaterThan(3);
    for (const reference of references) {
      pool.free(reference);
    }
    expect(slabsOf(pool)).toBe(1);
  });

  it('lets a slab of one block go at once, and uses its number again', () => {
    const pool = new SlabPool(sizes);
    const first = pool.allocate(4);
    pool.free(first);
    expect(slabsOf(pool)).toBe(0);
    expect(pool.allocate(4)).toBe(first);
  });
});
