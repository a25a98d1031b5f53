import { describe, expect, it } from 'vitest';
import { burstFactor, OutageArrivals } from '../../../src/analyze/capacity/outage-arrivals.ts';
import { randomStream } from '../../../src/analyze/statistics/random-stream.ts';

const RATE = 500;

function arrivalsOf(
  outageS: number,
  endS: number,
  { drops = () => false, rate = RATE }: { drops?: (atNs: number) => boolean; rate?: number } = {},
) {
  const arrivals = new OutageArrivals({
    ratePerSecond: rate,
    outageNs: outageS * 1e9,
    endNs: endS * 1e9,
    random: randomStream(3),
  });
  const bySecond = new Array<number>(endS).fill(0);
  let last = 0;
  let disorder = 0;
  while (arrivals.next()) {
    if (arrivals.atNs < last) disorder++;
    last = arrivals.atNs;
    const second = Math.floor(last / 1e9);
    bySecond[second] = (bySecond[second] as number) + 1;
    if (drops(last)) arrivals.dropped();
  }
  expect(disorder).toBe(0);
  const between = (from: number, to: number): number =>
    bySecond.slice(from, to).reduce((sum, count) => sum + count, 0) / (to - from) / rate;
  return { between, abandoned: arrivals.abandoned };
}

describe('arrivals after an outage', () => {
  it('are new requests and a retry of each stage, until its time-out is over', () => {
    // Retries are due 15, 45, 105 and 225 s after the request; that of 465 s comes from 165 s on.
    const { between } = arrivalsOf(300, 400);
    expect(between(0, 15)).toBeCloseTo(5, 1);
    expect(between(15, 30)).toBeCloseTo(4, 1);
    expect(between(30, 60)).toBeCloseTo(3, 1);
    expect(between(60, 120)).toBeCloseTo(2, 1);
    expect(between(120, 165)).toBeCloseTo(1, 1);
    expect(between(165, 240)).toBeCloseTo(2, 1);
    expect(between(240, 400)).toBeCloseTo(1, 1);
  });

  it('bring every client back once', () => {
    // Those whose request was due in the outage, and the new ones.
    expect(arrivalsOf(300, 400).between(0, 400) * 400).toBeCloseTo(300 + 400, -1);
  });

  it('are as usual where there was no outage', () => {
    expect(arrivalsOf(0, 60).between(0, 60)).toBeCloseTo(1, 1);
    expect([
      burstFactor(0),
      burstFactor(10e9),
      burstFactor(60e9),
      burstFactor(300e9),
      burstFactor(600e9),
    ]).toEqual([1, 2, 3, 5, 6]);
  });

  it('bring back what was dropped after 15 s, and after 30 s more', () => {
    const { between, abandoned } = arrivalsOf(0, 60, {
      drops: (atNs) => atNs < 1e9 || (atNs >= 15e9 && atNs < 16e9),
    });
    expect(between(14, 15)).toBeCloseTo(1, 0);
    expect(between(15, 16)).toBeGreaterThan(1.85);
    expect(between(16, 30)).toBeCloseTo(1, 0);
    // New ones of the 16th second come at 30 s, those that were dropped twice at 45 s.
    expect(between(30, 31)).toBeGreaterThan(1.85);
    expect(between(45, 46)).toBeGreaterThan(1.85);
    expect(between(46, 60)).toBeCloseTo(1, 0);
    expect(abandoned).toBe(0);
  });

  it('end with a client that was dropped for the ninth time', () => {
    // Its last retry is due 3825 s after the request.
    const { abandoned } = arrivalsOf(0, 3_925, { drops: () => true, rate: 20 });
    expect(abandoned / 20).toBeGreaterThan(90);
    expect(abandoned / 20).toBeLessThan(110);
  });
});
