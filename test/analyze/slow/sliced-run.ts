/** A run whose profiled phase is drawn slice by slice from a seed: which slices are slow, and which functions run in them. */
import type { Evidence, SlicedEvidence } from '../../../src/analyze/evidence.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

export type Random = () => number;

/** Mulberry32: the same numbers for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return function next() {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const SLICES = 200;
const SLICE_MS = 100;
const PHASE_START_MS = 16_000;
/** The phase begins in the middle of a slice, as it does. */
const ORIGIN_MS = 5_000_050;
const FIRST_SLICE = Math.ceil((PHASE_START_MS + ORIGIN_MS) / SLICE_MS);

export interface DrawnSlice {
  readonly isSlow: boolean;
  readonly requests: number;
  /** Weights of the functions by number; a sample is of one of them. */
  readonly weights: readonly number[];
  readonly samples: number;
}

export interface SlicedRunOptions {
  readonly slices: readonly DrawnSlice[];
  readonly random: Random;
  readonly synthetic?: SyntheticOptions;
  /** Moves the samples against the run. */
  readonly clockErrorMs?: number;
  readonly withoutProfile?: boolean;
}

/** Functions are `handler0`, `handler1`, …, all called by `onMessage`. */
export function slicedRun(options: SlicedRunOptions): Evidence {
  const { slices, random } = options;
  const evidence = syntheticEvidence(options.synthetic);
  const endMs = PHASE_START_MS + slices.length * SLICE_MS + SLICE_MS;
  const phases = evidence.run.phases.map((load) => (load.phase === 'profiled' ? { ...load, endMs } : load));
  return { ...evidence, run: { ...evidence.run, phases }, sliced: sliced(options, slices, random) };
}

function sliced(
  { clockErrorMs = 0, withoutProfile = false }: SlicedRunOptions,
  slices: readonly DrawnSlice[],
  random: Random,
): SlicedEvidence {
  const shift = clockErrorMs / SLICE_MS;
  return {
    sliceMs: SLICE_MS,
    monotonicOriginMs: ORIGIN_MS,
    latency: new Map(
      slices.map(({ isSlow, requests }, index) => {
        const noise = 0.8 + 0.4 * random();
        const slowest = Math.ceil(requests / 20);
        return [
          FIRST_SLICE + index,
          [
            { latencyNs: 1e6 * noise, count: requests - slowest },
            { latencyNs: (isSlow ? 60e6 : 2e6) * noise, count: slowest },
          ],
        ];
      }),
    ),
    profile: withoutProfile
      ? null
      : {
          record: {
            kind: 'cpu',
            file: 'cpu.pb.gz',
            source: '@datadog/pprof',
            phase: 'profiled',
            durationNs: slices.length * SLICE_MS * 1e6,
            threads: ['main'],
            interval: null,
          },
          samples: drawSamples(slices, random, FIRST_SLICE + shift),
          firstSlice: FIRST_SLICE + shift,
          lastSlice: FIRST_SLICE + shift + slices.length - 1,
        },
  };
}

function drawSamples(slices: readonly DrawnSlice[], random: Random, firstSlice: number): Profile {
  const functions = slices[0]?.weights.length ?? 0;
  const frame = (functionName: string, line: number) =>
    ({ functionName, file: 'src/server.ts', line, runtime: 'v8', class: 'application' }) as const;
  const frames = [frame('onMessage', 40)];
  for (let index = 0; index < functions; index++) frames.push(frame(`handler${index}`, 100 + index));
  const labels: number[] = [];
  const leaves: number[] = [];
  for (const [index, { weights, samples }] of slices.entries()) {
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    for (let sample = 0; sample < samples; sample++) {
      let at = random() * all;
      let chosen = 0;
      while (chosen < functions - 1 && at >= (weights[chosen] as number)) at -= weights[chosen++] as number;
      labels.push(firstSlice + index);
      leaves.push(chosen + 1);
    }
  }
  return {
    valueTypes: [{ type: 'sample', unit: 'count' }],
    defaultValueIndex: 0,
    frames,
    stackStart: Uint32Array.from({ length: leaves.length + 1 }, (_, sample) => sample * 2),
    stackFrames: Uint32Array.from(leaves.flatMap((leaf) => [leaf, 0])),
    values: [new Float64Array(leaves.length).fill(1)],
    sampleCount: leaves.length,
    labels: Float64Array.from(labels),
    durationNs: 0,
    timeNs: 0,
    period: 1e6,
    periodType: null,
  };
}
