/** What is run: flags and environment, the config file and the presets put together. */
import type { Command } from 'commander';
import { LabError } from '../errors.ts';
import { parseInfoHashList } from '../lab/config/info-hash-list.ts';
import type { LabConfig } from '../lab/config/parse-config.ts';
import { type ResolvedTracker, resolveTracker } from '../lab/config/tracker-settings.ts';
import {
  type InfoHashes,
  type Overrides,
  type PlanOptions,
  planScenario,
  type ScenarioPlan,
} from '../lab/plan.ts';
import { type PresetName, presetNames } from '../lab/scenarios.ts';
import { MOST_TEXT_BYTES, readBounded } from '../read-bounded.ts';
import { coresToPlanWith } from './cores-to-plan-with.ts';
import { readConfig } from './read-config.ts';
import type { RunFlags } from './run-flags.ts';
import { readOverrides } from './scenario-flags.ts';
import { readTracker } from './tracker-flags.ts';

export interface ResolvedRun {
  readonly plans: readonly ScenarioPlan[];
  readonly tracker: ResolvedTracker;
}

/**
 * @param command - the parsed command, which knows where each value came from
 * @throws LabError `UNKNOWN_SCENARIO`, `UNKNOWN_TRACKER`, `CONFIG_UNREADABLE`, `BAD_CONFIG`, `BAD_TRACKER`,
 * `BAD_SCENARIO`, `INFO_HASHES_UNREADABLE`, `BAD_INFO_HASHES`
 */
export function resolveRun(options: {
  readonly flags: RunFlags;
  readonly command: Command;
  readonly cwd: string;
  /** Cores that the lab may use. */
  readonly cpuCount: number;
  /** Threads of our own tracker, where it is the target: a core each, which the generator leaves to them. */
  readonly trackerWorkers: number;
}): ResolvedRun {
  const { flags, command, cwd } = options;
  const config = readConfig(flags.config, cwd);
  const tracker = resolveTracker(readTracker(command, cwd), namedTracker(flags.tracker, config));
  const infoHashes = readInfoHashes(tracker);
  const given = readOverrides(command);
  const trackerWorkers = tracker.settings.target === null ? options.trackerWorkers : null;
  const cpuCount = coresToPlanWith(options.cpuCount, trackerWorkers);
  const plans = scenariosOf(flags.scenario, config).flatMap(({ overrides, ...scenario }) =>
    sweepOf(flags, { ...overrides, ...given }).map((one) =>
      planScenario({ ...scenario, overrides: one, cpuCount, infoHashes }),
    ),
  );
  return { plans, tracker };
}

/** The settings of each run of a sweep: its number of workers is as good as given by a flag. */
function sweepOf({ sweep }: RunFlags, overrides: Overrides): readonly Overrides[] {
  if (sweep === undefined) return [overrides];
  return sweep.map((value) => ({ ...overrides, concurrency: { value, source: 'flag' } }));
}

type NamedScenario = Pick<PlanOptions, 'preset' | 'name' | 'overrides'>;

function scenariosOf(name: string, config: LabConfig | null): readonly NamedScenario[] {
  const presets = name === 'all' ? presetNames : presetNames.filter((preset) => preset === name);
  if (presets.length > 0) return presets.map((preset: PresetName) => ({ preset, overrides: {} }));
  const scenario = config?.scenarios.get(name);
  if (scenario !== undefined) return [{ name, ...scenario }];
  const own = [...(config?.scenarios.keys() ?? [])];
  throw new LabError({
    code: 'UNKNOWN_SCENARIO',
    message: `no scenario "${name}"; the choices are ${[...presetNames, 'all', ...own].join(', ')}`,
    hint: `choose one of them, or add it to ${config?.file ?? 'a config file (tracker-lab init writes one)'}`,
  });
}

function namedTracker(
  name: string | undefined,
  config: LabConfig | null,
): Parameters<typeof resolveTracker>[1] {
  if (name === undefined) return null;
  const settings = config?.trackers.get(name);
  if (settings !== undefined) return { name, settings };
  const names = [...(config?.trackers.keys() ?? [])];
  throw new LabError({
    code: 'UNKNOWN_TRACKER',
    message: `no tracker "${name}"; ${config === null ? 'there is no config file' : `${config.file} has ${names.join(', ') || 'none'}`}`,
    hint:
      config === null
        ? 'tracker-lab init writes an example; --config FILE names another file'
        : `choose one of them, or add it to ${config.file}`,
  });
}

function readInfoHashes({ settings, sources }: ResolvedTracker): InfoHashes | null {
  const file = settings.infoHashes;
  const source = sources.infoHashes;
  if (file === null || source === 'default') return null;
  let text: string;
  try {
    text = readBounded(file, MOST_TEXT_BYTES).toString('utf8');
  } catch (cause) {
    throw new LabError({
      code: 'INFO_HASHES_UNREADABLE',
      message: `cannot read ${file} (${cause instanceof Error ? cause.message : String(cause)})`,
      hint: 'check the path; tracker-lab hashes prints such a list',
      cause,
    });
  }
  return { file, hashes: parseInfoHashList(text, file), source };
}
