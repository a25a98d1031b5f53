import { describe, expect, it } from 'vitest';
import { bucketLatencyNs, LATENCY_BUCKETS, latencyBucket, sliceAt } from '../src/time-slices.ts';

describe('the buckets of a slice', () => {
  it('follow one another without a gap, and their middle is within 3.2 % of what is counted in them', () => {
    let before = 0;
    for (let latencyNs = 16_000; latencyNs < 2e12; latencyNs *= 1.01) {
      const bucket = latencyBucket(latencyNs);
      expect(bucket - before === 0 || bucket - before === 1 || before === 0).toBe(true);
      expect(Math.abs(bucketLatencyNs(bucket) / latencyNs - 1)).toBeLessThan(0.032 + 1_000 / latencyNs);
      before = bucket;
    }
    expect(before).toBeGreaterThan(LATENCY_BUCKETS - 4);
  });

  it('take what is below 0 or beyond the last for the ends', () => {
    expect(latencyBucket(-5)).toBe(0);
    expect(latencyBucket(Number.MAX_SAFE_INTEGER)).toBe(LATENCY_BUCKETS - 1);
    for (let micros = 0; micros < 16; micros++) expect(latencyBucket(micros * 1000 + 1)).toBe(micros);
  });
});

it('slices are of 100 ms', () => {
  expect([0, 99.9e6, 100e6, 1e9].map(sliceAt)).toEqual([0, 0, 1, 10]);
});
