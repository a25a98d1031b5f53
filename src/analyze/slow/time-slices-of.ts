/** Joins latency and CPU samples to slices of time that are long enough. Pure. */
import type { RunMilliseconds } from '../../units.ts';
import type { LatencyBucket, SlicedEvidence } from '../evidence.ts';
import { median } from '../series.ts';
import {
  LEAST_REQUESTS,
  LEAST_REQUESTS_OF_A_SLICE,
  LEAST_SAMPLES,
  MOST_CLOCK_ERROR_MS,
  SETTLING_SLICES,
} from '../thresholds.ts';
import type { SampledFunctions } from './sampled-functions.ts';
import { JOINED_SLICES } from './slow-limits.ts';

/** One slice of time of the profiled phase. */
export interface TimeSlice {
  /** By the run's clock. */
  readonly startMs: RunMilliseconds;
  readonly endMs: RunMilliseconds;
  /** Under way in it. */
  readonly requests: number;
  readonly p99Ns: number;
  /** CPU samples. */
  readonly samples: number;
  /** Of them by function, as numbered in {@link SampledFunctions}. */
  readonly hits: ReadonlyMap<number, number>;
}

export type SlicedTime =
  | { readonly slices: readonly TimeSlice[]; readonly sliceMs: number }
  | { readonly missing: string };

/** @param functions - null: no profile has times, and slices have no samples */
export function timeSlicesOf(
  sliced: SlicedEvidence,
  phase: { readonly startMs: RunMilliseconds; readonly endMs: RunMilliseconds },
  functions: SampledFunctions | null,
): SlicedTime {
  const { sliceMs, monotonicOriginMs: originMs, profile } = sliced;
  const ofPhase = {
    first: Math.ceil((phase.startMs + originMs) / sliceMs),
    last: Math.floor((phase.endMs + originMs) / sliceMs) - 1,
  };
  const slack = MOST_CLOCK_ERROR_MS / sliceMs;
  if (
    profile !== null &&
    (profile.firstSlice < ofPhase.first - slack || profile.lastSlice > ofPhase.last + slack)
  ) {
    return {
      missing:
        'the times of the CPU samples are not those of the phase: the clocks of lab and tracker differ',
    };
  }
  const first = Math.max(ofPhase.first, profile?.firstSlice ?? 0) + SETTLING_SLICES;
  const last = Math.min(ofPhase.last, profile?.lastSlice ?? Number.POSITIVE_INFINITY);
  for (const joined of JOINED_SLICES) {
    const slices: TimeSlice[] = [];
    for (let slice = first; slice + joined - 1 <= last; slice += joined) {
      const one = join(sliced, functions, slice, joined);
      if (one !== null) slices.push(one);
    }
    const requests = median(slices.map((one) => one.requests)) ?? 0;
    const samples = functions === null ? LEAST_SAMPLES : (median(slices.map((one) => one.samples)) ?? 0);
    if (requests >= LEAST_REQUESTS && samples >= LEAST_SAMPLES) return { slices, sliceMs: sliceMs * joined };
  }
  return {
    missing: `even slices of 1 s have fewer than ${LEAST_REQUESTS} requests or ${LEAST_SAMPLES} CPU samples`,
  };
}

function join(
  { sliceMs, monotonicOriginMs, latency }: SlicedEvidence,
  functions: SampledFunctions | null,
  first: number,
  joined: number,
): TimeSlice | null {
  const buckets: LatencyBucket[] = [];
  const hits = new Map<number, number>();
  let samples = 0;
  for (let slice = first; slice < first + joined; slice++) {
    for (const bucket of latency.get(slice) ?? []) buckets.push(bucket);
    samples += functions?.samples.get(slice) ?? 0;
    for (const [id, count] of functions?.hits.get(slice) ?? []) hits.set(id, (hits.get(id) ?? 0) + count);
  }
  const requests = buckets.reduce((sum, { count }) => sum + count, 0);
  if (requests < LEAST_REQUESTS_OF_A_SLICE) return null;
  const startMs = first * sliceMs - monotonicOriginMs;
  return {
    startMs,
    endMs: startMs + joined * sliceMs,
    requests,
    p99Ns: p99(buckets, requests),
    samples,
    hits,
  };
}

function p99(buckets: LatencyBucket[], requests: number): number {
  buckets.sort((one, two) => two.latencyNs - one.latencyNs);
  let above = Math.floor(requests / 100);
  for (const { latencyNs, count } of buckets) {
    above -= count;
    if (above < 0) return latencyNs;
  }
  return 0;
}
