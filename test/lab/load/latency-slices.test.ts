import { describe, expect, it } from 'vitest';
import { encodeLatencySlices, LatencySlices } from '../../../src/lab/load/latency-slices.ts';
import { latencyBucket } from '../../../src/time-slices.ts';

const MS = 1e6;

describe('latencies by slices of time', () => {
  it('count a request in each slice in which it was under way', () => {
    const slices = new LatencySlices();
    slices.countReply(510 * MS, 511 * MS);
    slices.countReply(590 * MS, 710 * MS);
    expect(slices.report()).toEqual([
      [5, [latencyBucket(1 * MS), 1, latencyBucket(120 * MS), 1]],
      [6, [latencyBucket(120 * MS), 1]],
      [7, [latencyBucket(120 * MS), 1]],
    ]);
  });

  it('count one that timed out where it was sent', () => {
    const slices = new LatencySlices();
    slices.countTimeOut(510 * MS, 5_000 * MS);
    expect(slices.report()).toEqual([[5, [latencyBucket(5_000 * MS), 1]]]);
  });

  it('are none where nothing was answered', () => {
    expect(encodeLatencySlices([[], new LatencySlices().report()])).toBeNull();
  });
});
