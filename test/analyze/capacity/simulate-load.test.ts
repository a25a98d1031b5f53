import { describe, expect, it } from 'vitest';
import {
  type BufferLoad,
  simulateAfterOutage,
  simulateSteady,
} from '../../../src/analyze/capacity/simulate-load.ts';

const load: BufferLoad = {
  ratePerSecond: 1_000,
  serviceNs: 500_000,
  servers: 1,
  bufferDatagrams: 200,
  seed: 4,
};

describe('a simulated buffer', () => {
  it('after an outage drops and recovers alike with one client of three', () => {
    const all = simulateAfterOutage(load, 300_000);
    const some = simulateAfterOutage({ ...load, mostRequests: 200_000 }, 300_000);
    expect([all.thinnedBy, some.thinnedBy]).toEqual([1, 3]);
    expect(all.requests / some.requests).toBeCloseTo(3, 0);
    expect(all.lostShare).toBeGreaterThan(0.1);
    expect(some.lostShare / all.lostShare).toBeGreaterThan(0.93);
    expect(some.lostShare / all.lostShare).toBeLessThan(1.07);
    expect((some.waitNsP99 ?? 0) / (all.waitNsP99 ?? 1)).toBeCloseTo(1, 1);
    expect(some.queueMax / all.queueMax).toBeCloseTo(1, 1);
  });

  it('after an outage loses nothing where a tenth of its CPU is in use', () => {
    const { lostShare, recoveredAfterS } = simulateAfterOutage({ ...load, ratePerSecond: 200 }, 300_000);
    expect([lostShare, recoveredAfterS]).toEqual([0, 0]);
  });

  it('does not recover where the usual load is too much already', () => {
    const { recoveredAfterS, lostShare } = simulateAfterOutage(
      { ...load, ratePerSecond: 3_000, mostRequests: 300_000 },
      0,
    );
    expect(recoveredAfterS).toBeNull();
    // What is lost comes again on top.
    expect(lostShare).toBeGreaterThan(1 - 1 / 1.5 + 0.1);
  });

  it('in the usual load walks through as many requests as it may', () => {
    const steady = simulateSteady({ ...load, mostRequests: 10_000 });
    expect(steady.seconds).toBe(10);
    expect(steady.requests).toBeGreaterThan(9_500);
    expect(steady.requests).toBeLessThan(10_500);
    expect(steady.busyShare).toBeCloseTo(0.5, 1);
  });
});
