/**
 * The slices of time that join a reply's latency to what the tracker did meanwhile. Slice `n` is the time from `n` to `n + 1`
 * times {@link SLICE_MS} on the machine's monotonic clock (CLOCK_MONOTONIC on Linux, `process.hrtime`), which the lab, the
 * tracker and perf share: no process has to tell another what time it is.
 */
import type { Milliseconds, Nanoseconds } from './units.ts';

/** Short enough that a stall of 60 ms is most of one, long enough for 66 CPU samples of a busy thread. */
export const SLICE_MS: Milliseconds = 100;

/** The label that a sample's slice has in a `*-slices.pb.gz` file. */
export const SLICE_LABEL = 'slice';

/** Buckets for each power of two: a bucket is at most 1/16 of its value wide. */
const PER_DOUBLING_BITS = 4;
const PER_DOUBLING = 2 ** PER_DOUBLING_BITS;
const MOST_MICROS = 2 ** 31 - 1;

/** Number of buckets: up to 2^31 µs. */
export const LATENCY_BUCKETS = (31 - PER_DOUBLING_BITS + 1) * PER_DOUBLING;

/** The bucket of a latency: whole microseconds, above 16 µs rounded down to 5 significant bits. */
export function latencyBucket(latencyNs: Nanoseconds): number {
  const micros = Math.min(Math.max(0, latencyNs / 1000), MOST_MICROS) | 0;
  if (micros < PER_DOUBLING) return micros;
  const shift = 31 - PER_DOUBLING_BITS - Math.clz32(micros);
  return shift * PER_DOUBLING + (micros >>> shift);
}

/** The middle of a bucket. */
export function bucketLatencyNs(bucket: number): Nanoseconds {
  const shift = Math.max(0, Math.floor(bucket / PER_DOUBLING) - 1);
  return (bucket - shift * PER_DOUBLING + 0.5) * 2 ** shift * 1000;
}

/** The slice in which a moment of the monotonic clock lies. */
export function sliceAt(monotonicNs: Nanoseconds): number {
  return Math.floor(monotonicNs / (SLICE_MS * 1e6));
}
