/**
 * Counts latencies in the buckets of an HdrHistogram with three significant digits, for the moment in which they are
 * taken: recording into a flat array costs some nanoseconds, and 143 were measured for hdr-histogram-js. It becomes that
 * library's histogram where it is read; no count is lost or moved on the way. Pure.
 *
 * Below 2^11 each value has a bucket; above, every power of two has 2^10 of them.
 *
 * @see https://github.com/HdrHistogram/HdrHistogram
 */
import type { Histogram } from 'hdr-histogram-js';
import type { Nanoseconds } from '../../units.ts';
import { HIGHEST_LATENCY_NS, newHistogram, recordNs } from './latency-histogram.ts';

const HALF_BITS = 10;
const HALF = 2 ** HALF_BITS;
/** Bits of {@link HIGHEST_LATENCY_NS} beyond the 11 that a bucket's number keeps. */
const MOST_SHIFT = 37 - (HALF_BITS + 1);
const BUCKETS = (MOST_SHIFT + 2) * HALF;

function bucketOf(value: number): number {
  if (value < 2 ** 31) {
    const shift = Math.max(0, 31 - HALF_BITS - Math.clz32(value));
    return (shift << HALF_BITS) + (value >>> shift);
  }
  // 2^10 of them fit into 32 bits, and are exact enough for the bucket: the bits that go are below it.
  const upper = Math.floor(value / HALF);
  const shift = 31 - HALF_BITS - Math.clz32(upper);
  return ((shift + HALF_BITS) << HALF_BITS) + (upper >>> shift);
}

/** The least value of a bucket; of the number after a bucket's, the end of that bucket. */
export function leastOf(bucket: number): number {
  const shift = Math.max(0, (bucket >>> HALF_BITS) - 1);
  return (bucket - (shift << HALF_BITS)) * 2 ** shift;
}

/** What was recorded, as it travels between threads: each bucket that is not empty, in order, and how often it was hit. */
export interface LatencyPairs {
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
}

/** What {@link LatencyCounts.copy} gives away; plain data, for another thread. */
export interface CountsCopy {
  readonly counts: Float64Array;
  readonly total: number;
  readonly leastNs: Nanoseconds;
  readonly mostNs: Nanoseconds;
}

export class LatencyCounts {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  get totalCount(): number {
    return this.#total;
  }

  /** Records `count` equal values; below 0 counts as 0, above {@link HIGHEST_LATENCY_NS} as that. */
  record(valueNs: Nanoseconds, count: number): void {
    const value = Math.min(Math.max(0, Math.round(valueNs)), HIGHEST_LATENCY_NS);
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.#total += count;
    if (value < this.#least) this.#least = value;
    if (value > this.#most) this.#most = value;
  }

  /** What was recorded; the least and the largest value are exact, too. */
  toHistogram(): Histogram {
    const histogram = newHistogram();
    if (this.#total === 0) return histogram;
    const counts = this.#counts.slice();
    for (const value of new Set([this.#least, this.#most])) {
      const bucket = bucketOf(value);
      if (counts[bucket] === 0) continue;
      counts[bucket] = (counts[bucket] as number) - 1;
      recordNs(histogram, value);
    }
    counts.forEach((count, bucket) => {
      if (count > 0) recordNs(histogram, leastOf(bucket), count);
    });
    return histogram;
  }

  /**
   * What was recorded, in some microseconds: a histogram of the library takes ten milliseconds and more to make and to
   * encode, in which a load thread would send nothing. Null: nothing was recorded.
   */
  toPairs(): LatencyPairs | null {
    if (this.#total === 0) return null;
    const counts = this.#counts;
    const first = bucketOf(this.#least);
    const end = bucketOf(this.#most) + 1;
    let used = 0;
    for (let bucket = first; bucket < end; bucket++) if (counts[bucket] !== 0) used++;
    const pairs = { buckets: new Uint16Array(used), counts: new Float64Array(used) };
    let at = 0;
    for (let bucket = first; bucket < end; bucket++) {
      const count = counts[bucket] as number;
      if (count === 0) continue;
      pairs.buckets[at] = bucket;
      pairs.counts[at++] = count;
    }
    return pairs;
  }

  /** All counts as they are now. Takes some tens of microseconds, and {@link toHistogram} with its encoding milliseconds. */
  copy(): CountsCopy {
    return { counts: this.#counts.slice(), total: this.#total, leastNs: this.#least, mostNs: this.#most };
  }

  /** Becomes what was copied. */
  restore({ counts, total, leastNs, mostNs }: CountsCopy): void {
    this.#counts.set(counts);
    this.#total = total;
    this.#least = leastNs;
    this.#most = mostNs;
  }

  /** Forgets everything. */
  reset(): void {
    if (this.#total > 0) this.#counts.fill(0, bucketOf(this.#least), bucketOf(this.#most) + 1);
    this.#total = 0;
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = 0;
  }
}
