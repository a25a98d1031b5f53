/** Reads the text of a config file. Pure. */
import path from 'node:path';
import { z } from 'zod';
import { LabError } from '../../errors.ts';
import type { Overrides } from '../plan.ts';
import { type PresetName, presetNames } from '../scenarios.ts';
import { configSchema } from './config-schema.ts';
import { type ScenarioSetting, scenarioSettings } from './scenario-settings.ts';
import { readDuration, readMix } from './setting-values.ts';
import type { TrackerSettings } from './tracker-settings.ts';

/** The file that is read where no other is named. */
export const CONFIG_FILE = 'lab.config.json';

/** What stands for a preset when a scenario names none. */
const DEFAULT_PRESET: PresetName = 'heavy';

/** A scenario of the operator's own: a preset and what differs from it. */
interface ConfigScenario {
  readonly preset: PresetName;
  readonly overrides: Overrides;
}

export interface LabConfig {
  /** Absolute path. */
  readonly file: string;
  /** Paths in it are absolute. */
  readonly trackers: ReadonlyMap<string, Partial<TrackerSettings>>;
  readonly scenarios: ReadonlyMap<string, ConfigScenario>;
}

/**
 * @param file - absolute path of the file, for messages and for the paths in it
 * @throws LabError `BAD_CONFIG` that names the file and each field that is not as it should be
 */
export function parseConfig(text: string, file: string): LabConfig {
  const { trackers = {}, scenarios = {} } = validate(parseJson(text, file), file);
  const reserved = Object.keys(scenarios).find((name) => isReserved(name));
  if (reserved !== undefined) {
    throw badConfig(
      file,
      `scenarios.${reserved}: the name is taken, ${[...presetNames, 'all'].join(', ')} cannot be changed`,
    );
  }
  return {
    file,
    trackers: new Map(
      Object.entries(trackers).map(([name, settings]) => [name, withPaths(settings, path.dirname(file))]),
    ),
    scenarios: new Map(Object.entries(scenarios).map(([name, scenario]) => [name, toScenario(scenario)])),
  };
}

function isReserved(name: string): boolean {
  return name === 'all' || (presetNames as readonly string[]).includes(name);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw badConfig(file, `not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

type RawConfig = z.infer<typeof configSchema>;

function validate(value: unknown, file: string): RawConfig {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  // One line, as every LabError: "problem at field; problem at field".
  const problems = z
    .prettifyError(parsed.error)
    .replaceAll(/\n\s*→ at /g, ' at ')
    .replaceAll(/\.? at /g, ' at ')
    .replaceAll(/\n?✖ /g, '; ')
    .slice(2);
  throw badConfig(file, problems);
}

function badConfig(file: string, problems: string): LabError {
  return new LabError({
    code: 'BAD_CONFIG',
    message: `${file}: ${problems}`,
    hint: 'see schemas/config.schema.json, or let tracker-lab init write an example',
  });
}

type RawTracker = NonNullable<RawConfig['trackers']>[string];

function withPaths(settings: RawTracker, folder: string): Partial<TrackerSettings> {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const inPlace = given.map(([name, value]) =>
    name === 'cwd' || name === 'infoHashes' ? [name, path.resolve(folder, value as string)] : [name, value],
  );
  return Object.fromEntries(inPlace) as Partial<TrackerSettings>;
}

type RawScenario = NonNullable<RawConfig['scenarios']>[string];

function toScenario({ preset = DEFAULT_PRESET, ...settings }: RawScenario): ConfigScenario {
  const values: Readonly<Record<string, unknown>> = settings;
  const overrides = scenarioSettings
    .filter(({ name }) => values[name] !== undefined)
    .map((setting) => [setting.field, { value: valueIn(setting, values[setting.name]), source: 'config' }]);
  return { preset, overrides: Object.fromEntries(overrides) as Overrides };
}

/** The schema has let it pass, so a text can be read. */
function valueIn({ kind }: ScenarioSetting, value: unknown): unknown {
  if (kind.type === 'integer' || kind.type === 'integer-or-auto' || kind.type === 'number') return value;
  const reading = kind.type === 'mix' ? readMix(value as string) : readDuration(value as string);
  return 'value' in reading ? reading.value : undefined;
}
