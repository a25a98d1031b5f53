/** What is measured and how to reach, start and profile it, from flags, environment and config file. Pure. */
import { LabError } from '../../errors.ts';

/** All settings of a tracker. */
export interface TrackerSettings {
  /** `udp://HOST:PORT`, or several parted by commas ({@link listed}); null: our tracker, started by the lab. */
  readonly target: string | null;
  /** The command that starts the tracker; null: it runs already. */
  readonly exec: string | null;
  /** Absolute path of the folder where `exec` is started; null: the lab's own. */
  readonly cwd: string | null;
  /** Added to the environment of `exec`. */
  readonly env: Readonly<Record<string, string>>;
  /** Process of a tracker that runs already; of several one each, in their order. */
  readonly pid: number | readonly number[] | null;
  /** A Go tracker's `/debug/pprof`, http or https; of several one each, in their order, parted by commas. */
  readonly pprof: string | null;
  /** Profile with Linux perf, too. */
  readonly perf: boolean;
  /** Absolute path of a file of info hashes, the pool of the load; null: the pool is made from the seed. */
  readonly infoHashes: string | null;
  /** Permit a target off this machine. */
  readonly allowRemote: boolean;
}

const defaults: TrackerSettings = {
  target: null,
  exec: null,
  cwd: null,
  env: {},
  pid: null,
  pprof: null,
  perf: false,
  infoHashes: null,
  allowRemote: false,
};

/** The names of the settings, in the order in which they are shown. They are attribute names of the flags as well. */
export const trackerSettingNames = Object.keys(defaults) as readonly (keyof TrackerSettings)[];

type TrackerSettingSource = 'flag' | 'environment' | 'config' | 'default';

/** Some of the settings, each with its source. */
export type GivenTracker = {
  readonly [Name in keyof TrackerSettings]?: {
    readonly value: NonNullable<TrackerSettings[Name]>;
    readonly source: 'flag' | 'environment';
  };
};

export interface ResolvedTracker {
  /** As the config file names it; null where none was asked for by name. */
  readonly name: string | null;
  readonly settings: TrackerSettings;
  readonly sources: Readonly<Record<keyof TrackerSettings, TrackerSettingSource>>;
}

/**
 * The settings of the tracker of a run: what is given by flags and environment wins over the config file's. Of `env`
 * both are kept, and of a variable in both the given one.
 *
 * @param named - a tracker of the config file; null: none was asked for
 * @throws LabError `BAD_TRACKER` where settings contradict each other
 */
export function resolveTracker(
  given: GivenTracker,
  named: { readonly name: string; readonly settings: Partial<TrackerSettings> } | null,
): ResolvedTracker {
  const values: Record<string, unknown> = {};
  const sources: Record<string, TrackerSettingSource> = {};
  for (const name of trackerSettingNames) {
    values[name] = given[name]?.value ?? named?.settings[name] ?? defaults[name];
    sources[name] = given[name]?.source ?? (named?.settings[name] === undefined ? 'default' : 'config');
  }
  values['env'] = { ...named?.settings.env, ...given.env?.value };
  const settings = values as unknown as TrackerSettings;
  refuseContradictions(settings);
  refuseForSeveral(settings);
  return { name: named?.name ?? null, settings, sources: sources as ResolvedTracker['sources'] };
}

/** The values of a setting that may be several, parted by commas; one at least. */
export function listed(setting: string): readonly string[] {
  return setting.split(',').map((value) => value.trim());
}

/** What cannot be had of several trackers at once. */
function refuseForSeveral({ target, exec, pid, pprof }: TrackerSettings): void {
  const count = target === null ? 0 : listed(target).length;
  const pids = pid === null ? 0 : [pid].flat().length;
  const refuse = (message: string, hint: string): never => {
    throw new LabError({ code: 'BAD_TRACKER', message, hint });
  };
  if (pids > 0 && count > 0 && pids !== count) {
    refuse(
      `expected a pid for each target, found ${pids} for ${count}`,
      'name as many --pid as --target, in the same order, or none',
    );
  }
  const endpoints = pprof === null ? [] : listed(pprof);
  if (endpoints.length > 0 && count > 0 && endpoints.length !== count) {
    refuse(
      `expected a pprof URL for each target, found ${endpoints.length} for ${count}`,
      'name as many --pprof as --target, in the same order, or none',
    );
  }
  if (new Set(endpoints).size < endpoints.length) {
    refuse('a pprof URL is named twice', 'name the endpoint of each tracker once');
  }
  if (count < 2) return;
  if (new Set(listed(target ?? '')).size < count) {
    refuse('a target is named twice', 'name each tracker once');
  }
  if (exec !== null) {
    refuse(
      `exec starts one tracker, and ${count} targets are named`,
      'start the trackers, and name them with --target and --pid',
    );
  }
}

function refuseContradictions({ target, exec, cwd, env, pid, pprof }: TrackerSettings): void {
  const refuse = (message: string, hint: string): never => {
    throw new LabError({ code: 'BAD_TRACKER', message, hint });
  };
  const needsTarget = Object.entries({ exec, pid, pprof }).find(([, value]) => value !== null)?.[0];
  if (target === null && needsTarget !== undefined) {
    refuse(
      `${needsTarget} is given, but not where that tracker listens`,
      'pass its address, for example --target udp://127.0.0.1:6969',
    );
  }
  if (exec !== null && pid !== null) {
    refuse(
      'exec starts a tracker, pid is the process of one that runs already',
      'leave out one of the two; the process of a started command is known',
    );
  }
  const ofCommand = cwd !== null ? 'cwd' : Object.keys(env).length > 0 ? 'env' : null;
  if (exec === null && ofCommand !== null) {
    refuse(`${ofCommand} is given, but no command that it is for`, 'pass --exec COMMAND, too');
  }
}
