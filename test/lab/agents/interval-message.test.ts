import { expect, it } from 'vitest';
import { intervalSchema, toIntervalMessage } from '../../../src/lab/agents/interval-message.ts';
import { LatencyCounts } from '../../../src/lab/load/latency-counts.ts';

const counts = { sent: 9, succeeded: 5, timedOut: 4, errorReplies: 3, malformedReplies: 2, sendFailed: 1 };

it('an interval comes out of a message as it went in', () => {
  const latencies = new LatencyCounts();
  for (const ns of [1, 1, 2_500, 7e6, 4e9]) latencies.record(ns, 3);
  for (const latency of [null, latencies.toPairs()]) {
    const travelled = JSON.parse(JSON.stringify(toIntervalMessage({ ...counts, latency })));
    expect(intervalSchema.parse(travelled)).toEqual({ ...counts, latency });
  }
});

it('an interval whose buckets and counts are not of one length is refused', () => {
  const latency = { buckets: [1, 2], counts: [1] };
  expect(intervalSchema.safeParse({ ...counts, latency }).success).toBe(false);
});
