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
  readonly source: 'flag' | 'environment';
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
  readonly loadThreads?: Given<number>;
}

export interface ScenarioPlan {
  readonly scenario: Scenario;
  /** By field name of the scenario. */
  readonly sources: Readonly<Record<string, SettingSource>>;
}

/** Load threads never exceed this by default: one thread already outruns most trackers on one core. */
const MOST_DEFAULT_LOAD_THREADS = 4;

/**
 * The full scenario of one preset with a user's overrides, and the origin of each field.
 *
 * @param cpuCount - cores that this process may use; one is left to the tracker
 * @throws LabError `BAD_SCENARIO` where values contradict each other
 */
export function planScenario(preset: PresetName, overrides: Overrides, cpuCount: number): ScenarioPlan {
  const sources: Record<string, SettingSource> = {};
  const pick = <T>(field: keyof Overrides, fallback: T, fallbackSource: SettingSource): T => {
    const given = overrides[field] as Given<T> | undefined;
    sources[field] = given?.source ?? fallbackSource;
    return given === undefined ? fallback : given.value;
  };

  const concurrency = pick('concurrency', presets[preset].concurrency, 'preset');
  const durationMs = pick('durationMs', presets[preset].durationMs, 'preset');
  const hashesPerWorker = pick('hashesPerWorker', presetCommon.hashesPerWorker, 'preset');
  const scenario: Scenario = {
    name: preset,
    durationMs,
    warmupMs: pick('warmupMs', presetCommon.warmupMs, 'preset'),
    profileDurationMs: pick('profileDurationMs', defaultProfileDurationMs(durationMs), 'derived'),
    concurrency,
    ratePerSecond: pick('ratePerSecond', presetCommon.ratePerSecond, 'preset'),
    hashesPerWorker,
    numWant: pick('numWant', presetCommon.numWant, 'preset'),
    timeoutMs: pick('timeoutMs', presetCommon.timeoutMs, 'preset'),
    mix: pick('mix', { ...presetCommon.mix }, 'preset'),
    swarmHashes: pick('swarmHashes', defaultSwarmHashes(concurrency, hashesPerWorker), 'derived'),
    skew: pick('skew', presetCommon.skew, 'preset'),
    seed: pick('seed', presetCommon.seed, 'preset'),
    loadThreads: pick(
      'loadThreads',
      Math.min(MOST_DEFAULT_LOAD_THREADS, Math.max(1, cpuCount - 1), concurrency),
      'derived',
    ),
  };
  refuseContradictions(scenario);
  return { scenario, sources };
}

function refuseContradictions(scenario: Scenario): void {
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
