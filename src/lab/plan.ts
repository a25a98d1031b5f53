/**
 * Turns what a user set into the full scenario of a run, and remembers where each value came from. Pure: flags and
 * environment arrive as plain values, the number of cores as an argument.
 */
import { LabError } from '../errors.ts';
import type { Scenario, SettingSource } from '../run.ts';
import type { Milliseconds } from '../units.ts';
import {
  defaultProfileDurationMs,
  defaultSwarmHashes,
  type PresetName,
  presetCommon,
  presets,
} from './scenarios.ts';

/** A value that a user gave, and where. */
interface Given<T> {
  readonly value: T;
  readonly source: 'flag' | 'environment' | 'config';
}

/** The fields of a scenario that a user may override; absent = not given. */
export interface Overrides {
  readonly durationMs?: Given<Milliseconds>;
  readonly warmupMs?: Given<Milliseconds>;
  readonly profileDurationMs?: Given<Milliseconds>;
  readonly timeoutMs?: Given<Milliseconds>;
  readonly concurrency?: Given<number>;
  readonly ratePerSecond?: Given<number>;
  readonly hashesPerWorker?: Given<number>;
  readonly numWant?: Given<number>;
  readonly mix?: Given<Scenario['mix']>;
  readonly swarmHashes?: Given<number>;
  readonly skew?: Given<number>;
  readonly seed?: Given<number>;
  /** `auto` is as if it were not given. */
  readonly loadThreads?: Given<number | 'auto'>;
}

export interface ScenarioPlan {
  readonly scenario: Scenario;
  /** By field name of the scenario. */
  readonly sources: Readonly<Record<string, SettingSource>>;
  /** The pool of info hashes, `scenario.swarmHashes` of 40 hexadecimal digits; null: it is made from the seed. */
  readonly infoHashes: readonly string[] | null;
}

export interface PlanOptions {
  /** Gives what is not overridden. */
  readonly preset: PresetName;
  /** Name of the scenario. Default: that of the preset. */
  readonly name?: string;
  readonly overrides: Overrides;
  /** Cores that this process may use; one is left to the tracker. */
  readonly cpuCount: number;
  /** The pool of info hashes, from a file; null: it is made from the seed. Default: null. */
  readonly infoHashes?: InfoHashes | null;
}

/** The operator's own info hashes. */
export interface InfoHashes {
  /** Absolute path, for the record. */
  readonly file: string;
  /** Distinct, 40 hexadecimal digits each. */
  readonly hashes: readonly string[];
  readonly source: Given<string>['source'];
}

/** Load threads never exceed this by default: one thread already outruns most trackers on one core. */
const MOST_DEFAULT_LOAD_THREADS = 4;

/**
 * The full scenario of one preset with a user's overrides, and the origin of each field. A list of info hashes is the
 * pool; where the size of the pool is set as well, that many from the head of the list are.
 *
 * @throws LabError `BAD_SCENARIO` where values contradict each other
 */
export function planScenario(options: PlanOptions): ScenarioPlan {
  const { preset, overrides, cpuCount, infoHashes = null } = options;
  const sources: Record<string, SettingSource> = {};
  const pick = <T>(field: keyof Overrides, fallback: T, fallbackSource: SettingSource): T => {
    const given = overrides[field] as Given<T | 'auto'> | undefined;
    if (given === undefined || given.value === 'auto') {
      sources[field] = fallbackSource;
      return fallback;
    }
    sources[field] = given.source;
    return given.value;
  };

  const concurrency = pick('concurrency', presets[preset].concurrency, 'preset');
  const durationMs = pick('durationMs', presets[preset].durationMs, 'preset');
  const hashesPerWorker = pick('hashesPerWorker', presetCommon.hashesPerWorker, 'preset');
  const scenario: Scenario = {
    name: options.name ?? preset,
    durationMs,
    warmupMs: pick('warmupMs', presetCommon.warmupMs, 'preset'),
    profileDurationMs: pick('profileDurationMs', defaultProfileDurationMs(durationMs), 'derived'),
    concurrency,
    ratePerSecond: pick('ratePerSecond', presetCommon.ratePerSecond, 'preset'),
    hashesPerWorker,
    numWant: pick('numWant', presetCommon.numWant, 'preset'),
    timeoutMs: pick('timeoutMs', presetCommon.timeoutMs, 'preset'),
    mix: pick('mix', { ...presetCommon.mix }, 'preset'),
    swarmHashes: pick(
      'swarmHashes',
      infoHashes?.hashes.length ?? defaultSwarmHashes(concurrency, hashesPerWorker),
      'derived',
    ),
    skew: pick('skew', presetCommon.skew, 'preset'),
    seed: pick('seed', presetCommon.seed, 'preset'),
    loadThreads: pick(
      'loadThreads',
      Math.min(MOST_DEFAULT_LOAD_THREADS, Math.max(1, cpuCount - 1), concurrency),
      'derived',
    ),
    infoHashesFile: infoHashes?.file ?? null,
  };
  sources['infoHashesFile'] = infoHashes?.source ?? 'preset';
  refuseContradictions(scenario, infoHashes);
  return { scenario, sources, infoHashes: infoHashes?.hashes.slice(0, scenario.swarmHashes) ?? null };
}

function refuseContradictions(scenario: Scenario, infoHashes: InfoHashes | null): void {
  if (
    infoHashes !== null &&
    infoHashes.hashes.length < Math.max(scenario.swarmHashes, scenario.hashesPerWorker)
  ) {
    const [what, flag] =
      infoHashes.hashes.length < scenario.hashesPerWorker
        ? [`a worker needs ${scenario.hashesPerWorker} distinct hashes`, '--hashes']
        : [`the pool is to have ${scenario.swarmHashes}`, '--swarm-hashes'];
    throw new LabError({
      code: 'BAD_SCENARIO',
      message: `${what}, ${infoHashes.file} holds ${infoHashes.hashes.length}`,
      hint: `add hashes to the file, or pass ${flag} ${infoHashes.hashes.length}`,
    });
  }
  if (scenario.swarmHashes < scenario.hashesPerWorker) {
    throw new LabError({
      code: 'BAD_SCENARIO',
      message: `a worker needs ${scenario.hashesPerWorker} distinct hashes, the pool has ${scenario.swarmHashes}`,
      hint: `pass --swarm-hashes ${scenario.hashesPerWorker} or more, or a smaller --hashes`,
    });
  }
  if (scenario.loadThreads > scenario.concurrency) {
    throw new LabError({
      code: 'BAD_SCENARIO',
      message: `${scenario.loadThreads} load threads cannot share ${scenario.concurrency} workers`,
      hint: `pass --load-threads ${scenario.concurrency} or fewer, or a larger --concurrency`,
    });
  }
}
