/** Reads a run's latency and CPU samples by slices of time. */
import { z } from 'zod';
import { LabError } from '../errors.ts';
import type { ProfileFile, Run } from '../run.ts';
import { bucketLatencyNs, LATENCY_BUCKETS, SLICE_LABEL } from '../time-slices.ts';
import type { LatencyBucket, SlicedEvidence } from './evidence.ts';
import { decodeProfile } from './profile/decode-profile.ts';

const count = z.int().nonnegative();
const fileSchema = z.object({
  sliceMs: z.number().positive(),
  slices: z.array(z.tuple([count, z.array(count)])),
});

/**
 * What the run has by slices of time; null where it has none.
 *
 * @param read - the bytes of a file of the run's folder, by its name in run.json
 * @throws LabError `BAD_SLICES` for a latency file that is none, `BAD_PROFILE` for a broken profile, and as `read`
 */
export function loadSlices(run: Run, read: (name: string) => Buffer): SlicedEvidence | null {
  if (run.latencySlices === undefined) return null;
  const { file, monotonicOriginMs } = run.latencySlices;
  const parsed = fileSchema.safeParse(parseJson(read(file).toString('utf8')));
  if (!parsed.success) {
    throw new LabError({
      code: 'BAD_SLICES',
      message: `expected ${file} to hold latencies by slices of time, found something else`,
      hint: 'measure the run again; without its latencySlices in run.json the rest of it can be analysed',
    });
  }
  const { sliceMs, slices } = parsed.data;
  return {
    sliceMs,
    monotonicOriginMs,
    latency: new Map(slices.map(([slice, pairs]) => [slice, toBuckets(pairs)])),
    profile: loadSamples(slicedProfile(run.profiles, sliceMs), read),
  };
}

/** The runtime's own profile, and perf's where that has no times. */
function slicedProfile(profiles: readonly ProfileFile[], sliceMs: number): ProfileFile | undefined {
  const timed = profiles.filter(({ slices }) => slices?.sliceMs === sliceMs);
  return timed.find(({ kind }) => kind === 'cpu') ?? timed.find(({ kind }) => kind === 'perf');
}

function loadSamples(
  record: ProfileFile | undefined,
  read: (name: string) => Buffer,
): SlicedEvidence['profile'] {
  if (record?.slices === undefined) return null;
  const { file, firstSlice, lastSlice } = record.slices;
  const decoded = decodeProfile(read(file), { fileName: file, label: SLICE_LABEL });
  if (!decoded.ok) throw decoded.problem;
  return { record, samples: decoded.profile, firstSlice, lastSlice };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toBuckets(pairs: readonly number[]): LatencyBucket[] {
  const buckets: LatencyBucket[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const bucket = Math.min(pairs[at] as number, LATENCY_BUCKETS - 1);
    buckets.push({ latencyNs: bucketLatencyNs(bucket), count: pairs[at + 1] as number });
  }
  return buckets;
}
