import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockOffset } from '../../../src/lab/agents/clock-offset.ts';
import { BEAT_MS, LifeSigns, SILENCE_MS, WATCH_MS } from '../../../src/lab/agents/life-signs.ts';

describe('the clock of Redis', () => {
  it('is never further off than half the shortest round trip, whatever the ways there and back take', () => {
    const way = fc.integer({ min: 1, max: 50_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(way, way), { minLength: 1, maxLength: 30 }), way, (ways, trueOffset) => {
        const samples = ways.map(([there, back], index) => {
          const askedUs = index * 1_000_000;
          const answeredUs = askedUs + there + back;
          return { askedUs, answeredUs, redisUs: askedUs + there + trueOffset, wallUs: answeredUs + 7 };
        });
        const { offsetUs, wallOffsetUs, uncertaintyUs } = clockOffset(samples);
        expect(uncertaintyUs).toBe(Math.min(...ways.map(([there, back]) => there + back)) / 2);
        expect(Math.abs(offsetUs - trueOffset)).toBeLessThanOrEqual(uncertaintyUs);
        expect(Math.abs(wallOffsetUs - (7 - trueOffset))).toBeLessThanOrEqual(uncertaintyUs);
      }),
    );
  });
});

describe('a sign of life', () => {
  it('that stands still is silence, and one that goes on ends it', () => {
    const signs = new LifeSigns();
    expect(signs.see('a', '1', 0)).toBe(0);
    expect(signs.see('a', '1', 400)).toBe(400);
    expect(signs.see('a', '2', 700)).toBe(0);
    expect(signs.see('a', null, 1_000)).toBe(300);
    expect(signs.see('a', null, 2_000)).toBe(1_300);
    expect(signs.see('a', '3', 2_100)).toBe(0);
  });

  it('of one does not stand for another', () => {
    const signs = new LifeSigns();
    signs.see('a', '1', 0);
    signs.see('b', '1', 500);
    expect([signs.see('a', '1', 1_000), signs.see('b', '1', 1_000)]).toEqual([1_000, 500]);
  });

  it('is missed within two seconds of the last one', () => {
    expect(SILENCE_MS + WATCH_MS + BEAT_MS).toBeLessThan(2_000);
  });
});
