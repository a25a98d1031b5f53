/** Turns a run's HdrHistogram files into latency summaries. */
import { inflateSync } from 'node:zlib';
import hdr, { type Histogram } from 'hdr-histogram-js';
import { LabError } from '../errors.ts';
import type { Run } from '../run.ts';
import type { Bytes } from '../units.ts';
import type { Evidence, LatencySummary } from './evidence.ts';

/** The file of a histogram is base64 text of some kilobytes; a megabyte is none of ours. */
const MOST_ENCODED_CHARACTERS = 1024 * 1024;

/** Cookie and length stand before the compressed part. */
const COMPRESSED_HEAD_BYTES = 8;
/** The counts of a histogram of ours are at most some 300 kB, unpacked. */
const MOST_UNPACKED_BYTES: Bytes = 8 * 1024 * 1024;

/**
 * Decodes all histograms of a run at once and answers questions about them.
 *
 * @param read - the content of a file of the run's folder, by its name in run.json
 * @throws LabError `BAD_HISTOGRAM` that names the file
 */
export function latencyReader(run: Run, read: (name: string) => string): Evidence['latency'] {
  const histograms = run.histograms.map(function decodeOne(record) {
    return { record, histogram: decodeHistogram(record.file, read(record.file)) };
  });
  const cache = new Map<string, LatencySummary | null>();
  return function latency(phase, operation, clock) {
    const key = `${phase} ${operation} ${clock}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const matching = histograms
      .filter(({ record }) => record.phase === phase && record.clock === clock)
      .filter(({ record }) => operation === 'all' || record.operation === operation)
      .map(({ histogram }) => histogram);
    const summary = summarizeLatency(matching);
    cache.set(key, summary);
    return summary;
  };
}

/**
 * The same of each of several trackers.
 *
 * @throws LabError `BAD_HISTOGRAM` that names the file
 */
export function memberLatencyReader(
  { members }: Run,
  read: (name: string) => string,
): NonNullable<Evidence['memberLatency']> {
  const summaries = members.map(
    ({ phases }) =>
      new Map(
        phases.map(({ phase, histogram }) => [
          phase,
          histogram === null ? null : summarizeLatency([decodeHistogram(histogram, read(histogram))]),
        ]),
      ),
  );
  return function memberLatency(phase, member) {
    return summaries[member]?.get(phase) ?? null;
  };
}

/**
 * The histogram that a file's text encodes.
 *
 * @param file - its name, for the error
 * @throws LabError `BAD_HISTOGRAM`
 */
export function decodeHistogram(file: string, encoded: string): Histogram {
  try {
    if (encoded.length > MOST_ENCODED_CHARACTERS) throw new RangeError(`${encoded.length} characters`);
    // The decoder has no bound of its own: what unpacks to gigabytes must not get there.
    inflateSync(Buffer.from(encoded, 'base64').subarray(COMPRESSED_HEAD_BYTES), {
      maxOutputLength: MOST_UNPACKED_BYTES,
    });
    return hdr.decodeFromCompressedBase64(encoded.trim());
  } catch (cause) {
    throw new LabError({
      code: 'BAD_HISTOGRAM',
      message: `expected ${file} to be an HdrHistogram (V2, compressed, base64), found something else (${
        cause instanceof Error ? cause.message : String(cause)
      })`,
      hint: 'copy the folder of the run again, or measure it again',
      cause,
    });
  }
}

/** One histogram of all values of some; null where they hold none. */
export function sumHistograms(histograms: readonly Histogram[]): Histogram | null {
  const filled = histograms.filter((histogram) => histogram.totalCount > 0);
  const first = filled[0];
  if (first === undefined || filled.length === 1) return first ?? null;
  const all = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: Math.max(2, ...filled.map((histogram) => histogram.maxValue)),
    numberOfSignificantValueDigits: 3,
  });
  for (const histogram of filled) all.add(histogram);
  return all;
}

/** The sum of some histograms in nanoseconds; null where they hold no value. */
function summarizeLatency(histograms: readonly Histogram[]): LatencySummary | null {
  const all = sumHistograms(histograms);
  if (all === null) return null;
  const filled = histograms.filter((histogram) => histogram.totalCount > 0);
  return {
    count: all.totalCount,
    minNs: Math.min(...filled.map((histogram) => histogram.getValueAtPercentile(0))),
    meanNs: all.mean,
    p50Ns: all.getValueAtPercentile(50),
    p95Ns: all.getValueAtPercentile(95),
    p99Ns: all.getValueAtPercentile(99),
    p999Ns: all.getValueAtPercentile(99.9),
    maxNs: Math.max(...filled.map((histogram) => histogram.maxValue)),
  };
}
