/** HdrHistograms of nanoseconds, all with one range, so that they add up. */
import hdr, { type Histogram } from 'hdr-histogram-js';
import type { Nanoseconds } from '../../units.ts';

/** 137 s: the highest value; longer ones count as this long. Time-outs up to two minutes fit. */
export const HIGHEST_LATENCY_NS = 2 ** 37 - 1;

/** An empty histogram from 1 ns to {@link HIGHEST_LATENCY_NS} with three significant digits; about 115 kB. */
export function newHistogram(): Histogram {
  return hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_LATENCY_NS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    autoResize: false,
    useWebAssembly: false,
  });
}

/** Records `count` equal values; below 0 counts as 0, above the range as its end. */
export function recordNs(histogram: Histogram, valueNs: Nanoseconds, count = 1): void {
  const bounded = Math.min(Math.max(0, Math.round(valueNs)), HIGHEST_LATENCY_NS);
  if (count === 1) histogram.recordValue(bounded);
  else histogram.recordValueWithCount(bounded, count);
}

/** HdrHistogram V2 compressed, base64. */
export function encodeHistogram(histogram: Histogram): string {
  return hdr.encodeIntoCompressedBase64(histogram);
}

/** The inverse of {@link encodeHistogram}. @throws Error on anything else */
export function decodeHistogram(encoded: string): Histogram {
  return hdr.decodeFromCompressedBase64(encoded);
}

/** The sum of encoded histograms; empty where there is none. */
export function addHistograms(encoded: Iterable<string>): Histogram {
  const sum = newHistogram();
  for (const one of encoded) sum.add(decodeHistogram(one));
  return sum;
}
