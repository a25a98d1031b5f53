/** The settings of a scenario, one row each: flags, `LAB_…` variables and the config file are made of this table. */
import type { Overrides } from '../plan.ts';

/** What a value is. `auto` stands for the derived value. A duration is a text with a unit, a mix a text such as `connect=1,announce=50`. */
export type SettingKind =
  | { readonly type: 'duration' | 'positive-duration' | 'mix' }
  | {
      readonly type: 'integer' | 'integer-or-auto' | 'number';
      readonly least: number;
      readonly most: number;
    };

export interface ScenarioSetting {
  /** In the config file; `--num-want` and `LAB_NUM_WANT` are `numWant` there. */
  readonly name: string;
  /** Field of the scenario that it decides. */
  readonly field: keyof Overrides;
  readonly kind: SettingKind;
  /** What stands for the value in `--help`. */
  readonly placeholder: string;
  readonly description: string;
}

/** More workers than this would need more state than the machine's memory is worth. */
const MOST_WORKERS = 200_000;

export const scenarioSettings: readonly ScenarioSetting[] = [
  {
    name: 'duration',
    field: 'durationMs',
    kind: { type: 'positive-duration' },
    placeholder: 'time',
    description: 'length of the clean phase (30s, 500ms, 2m)',
  },
  {
    name: 'warmup',
    field: 'warmupMs',
    kind: { type: 'duration' },
    placeholder: 'time',
    description: 'length of the warm-up (3s)',
  },
  {
    name: 'profileDuration',
    field: 'profileDurationMs',
    kind: { type: 'duration' },
    placeholder: 'time',
    description: 'length of the profiled phase (a third of the duration, at least 5s; 0 = no profiles)',
  },
  {
    name: 'concurrency',
    field: 'concurrency',
    kind: { type: 'integer', least: 1, most: MOST_WORKERS },
    placeholder: 'count',
    description: 'workers, each a client with one request in flight',
  },
  {
    name: 'rate',
    field: 'ratePerSecond',
    kind: { type: 'number', least: 0, most: 10_000_000 },
    placeholder: 'count',
    description: 'total requests per second, open loop (0 = closed loop, unlimited)',
  },
  {
    name: 'hashes',
    field: 'hashesPerWorker',
    kind: { type: 'integer', least: 1, most: 74 },
    placeholder: 'count',
    description: 'info hashes per worker (5)',
  },
  {
    name: 'numWant',
    field: 'numWant',
    kind: { type: 'integer', least: -1, most: 10_000 },
    placeholder: 'count',
    description: 'peers asked for in an announce (50; -1 = the tracker decides)',
  },
  {
    name: 'timeout',
    field: 'timeoutMs',
    kind: { type: 'positive-duration' },
    placeholder: 'time',
    description: 'when an unanswered request has failed (5s)',
  },
  {
    name: 'mix',
    field: 'mix',
    kind: { type: 'mix' },
    placeholder: 'counts',
    description: 'requests of a client session (announce=50,scrape=10; connect=N: with a new id)',
  },
  {
    name: 'swarmHashes',
    field: 'swarmHashes',
    kind: { type: 'integer', least: 1, most: 10_000_000 },
    placeholder: 'count',
    description: 'size of the shared pool of info hashes',
  },
  {
    name: 'skew',
    field: 'skew',
    kind: { type: 'number', least: 0, most: 5 },
    placeholder: 'exponent',
    description: 'Zipf exponent by which workers choose hashes (1; 0 = uniform)',
  },
  {
    name: 'seed',
    field: 'seed',
    kind: { type: 'integer', least: 0, most: 2 ** 32 - 1 },
    placeholder: 'number',
    description: 'seed of hashes, peers and choices (1)',
  },
  {
    name: 'loadThreads',
    field: 'loadThreads',
    kind: { type: 'integer-or-auto', least: 1, most: 64 },
    placeholder: 'count',
    description: 'threads of the generator (auto: one a core but the one of the tracker, at most 4)',
  },
];
