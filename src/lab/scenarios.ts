import type { Milliseconds } from '../units.ts';

/** The scenarios that a user names; each fixes how many workers load the tracker and for how long. */
export const presetNames = ['light', 'medium', 'heavy', 'stress'] as const;
export type PresetName = (typeof presetNames)[number];

export interface Preset {
  /** Workers, each with one request in flight. */
  readonly concurrency: number;
  /** Length of the clean phase. */
  readonly durationMs: Milliseconds;
  /** One line for `--help`. */
  readonly purpose: string;
}

/** The load test scenarios of the benchmark results template. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  light: { concurrency: 10, durationMs: 30_000, purpose: 'baseline: the best latency this tracker has' },
  medium: { concurrency: 100, durationMs: 30_000, purpose: 'typical production load, for regressions' },
  heavy: { concurrency: 1_000, durationMs: 30_000, purpose: 'shows bottlenecks and contention' },
  stress: { concurrency: 10_000, durationMs: 60_000, purpose: 'the breaking point and hard limits' },
};

/** Fields that every preset shares. */
export const presetCommon = {
  /** Long enough for swarms to fill and for V8 to compile what is hot. */
  warmupMs: 3_000,
  ratePerSecond: 0,
  hashesPerWorker: 5,
  numWant: 50,
  timeoutMs: 5_000,
  /** A session of 50 announces and 10 scrapes; a client connects again when its id is 60 s old, and not before. */
  mix: { connect: 0, announce: 50, scrape: 10 },
  /** Zipf exponent 1: the k-th hash is chosen 1/k as often as the first. */
  skew: 1,
  seed: 1,
} as const;

/** Mean number of peers a swarm at which the pool of hashes is sized when `--swarm-hashes` is not given. */
const PEERS_PER_SWARM = 50;

/**
 * Size of the shared pool of info hashes: swarms of {@link PEERS_PER_SWARM} peers on average.
 *
 * @returns at least `hashesPerWorker`, since a worker's hashes are distinct
 */
export function defaultSwarmHashes(concurrency: number, hashesPerWorker: number): number {
  const memberships = concurrency * hashesPerWorker;
  return Math.max(hashesPerWorker, Math.round(memberships / PEERS_PER_SWARM));
}

/** Share of the clean phase that the profiled phase lasts by default, and its least length. */
const PROFILED_SHARE = 1 / 3;
const LEAST_PROFILED_MS = 5_000;

/** Default length of the profiled phase: a third of the clean one, at least 5 s. */
export function defaultProfileDurationMs(durationMs: Milliseconds): Milliseconds {
  return Math.max(LEAST_PROFILED_MS, Math.round(durationMs * PROFILED_SHARE));
}
