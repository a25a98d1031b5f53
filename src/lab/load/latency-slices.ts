import { LATENCY_BUCKETS, latencyBucket, SLICE_MS, sliceAt } from '../../time-slices.ts';
import type { Nanoseconds } from '../../units.ts';

/** Counts of one slice as `[bucket, count, bucket, count, …]`, see `time-slices.ts`. */
export type SliceCounts = readonly [slice: number, counts: readonly number[]];

/** A clock that jumps, or a phase of hours: what lies beyond is left out. An hour. */
const MOST_SLICES = 36_000;

/**
 * Latencies by slices of time. A request is counted in each slice in which it was under way: the replies that a stall holds up
 * come after it, and would otherwise blame the slice behind. One that timed out is counted where it was sent.
 */
export class LatencySlices {
  readonly #slices = new Map<number, Uint32Array>();
  #lastSlice = -1;
  #lastCounts: Uint32Array | undefined;
  readonly #shiftNs: Nanoseconds;

  /** @param shiftNs - what is added to the times, where the slices are those of another machine's monotonic clock */
  constructor(shiftNs: Nanoseconds = 0) {
    this.#shiftNs = shiftNs;
  }

  /** @param fromNs - when it was sent, by the monotonic clock. @param toNs - when its reply was read */
  countReply(fromNs: Nanoseconds, toNs: Nanoseconds): void {
    const bucket = latencyBucket(toNs - fromNs);
    const last = sliceAt(toNs + this.#shiftNs);
    for (let slice = sliceAt(fromNs + this.#shiftNs); slice <= last; slice++) this.#count(slice, bucket);
  }

  /** A request without a reply, after the time-out. */
  countTimeOut(sentNs: Nanoseconds, afterNs: Nanoseconds): void {
    this.#count(sliceAt(sentNs + this.#shiftNs), latencyBucket(afterNs));
  }

  /** In order of time; slices without a request are left out. */
  report(): SliceCounts[] {
    return [...this.#slices].sort(([one], [two]) => one - two).map(toSliceCounts);
  }

  #count(slice: number, bucket: number): void {
    let counts = this.#lastCounts;
    if (slice !== this.#lastSlice || counts === undefined) {
      counts = this.#slices.get(slice);
      if (counts === undefined) {
        if (this.#slices.size >= MOST_SLICES) return;
        counts = new Uint32Array(LATENCY_BUCKETS);
        this.#slices.set(slice, counts);
      }
      this.#lastSlice = slice;
      this.#lastCounts = counts;
    }
    counts[bucket] = (counts[bucket] as number) + 1;
  }
}

function toSliceCounts([slice, counts]: readonly [number, Uint32Array]): SliceCounts {
  const pairs: number[] = [];
  counts.forEach((count, bucket) => {
    if (count > 0) pairs.push(bucket, count);
  });
  return [slice, pairs];
}

/** Adds the threads' slices up and writes them as the content of a run's `latency-slices.json`; null: there are none. */
export function encodeLatencySlices(threads: readonly (readonly SliceCounts[])[]): string | null {
  const sums = new Map<number, Uint32Array>();
  for (const [slice, pairs] of threads.flat()) {
    const counts = sums.get(slice) ?? new Uint32Array(LATENCY_BUCKETS);
    sums.set(slice, counts);
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const bucket = pairs[at] as number;
      counts[bucket] = (counts[bucket] as number) + (pairs[at + 1] as number);
    }
  }
  if (sums.size === 0) return null;
  const slices = [...sums].sort(([one], [two]) => one - two).map(toSliceCounts);
  return `${JSON.stringify({ sliceMs: SLICE_MS, slices })}\n`;
}
