/** The texts of `--print-config` and `--dry-run`. Pure. */
import { scenarioSettings } from '../lab/config/scenario-settings.ts';
import { type ResolvedTracker, trackerSettingNames } from '../lab/config/tracker-settings.ts';
import type { ScenarioPlan } from '../lab/plan.ts';
import type { Pinning } from '../lab/target/pinning.ts';
import { kebab } from './scenario-flags.ts';

/** A setting of the lab itself, neither the tracker's nor a scenario's. */
export interface LabSetting {
  /** The attribute of its flag. */
  readonly name: string;
  readonly value: unknown;
  /** `flag`, `environment` or `default`. */
  readonly source: string;
}

/** Every setting of the lab and the tracker and every field of every scenario: its flag, its value, where that came from. */
export function describeConfig(
  plans: readonly ScenarioPlan[],
  tracker: ResolvedTracker,
  ofLab: readonly LabSetting[],
): string {
  const ofTracker = trackerSettingNames.map((name) =>
    settingLine({ name, value: tracker.settings[name], source: tracker.sources[name] }),
  );
  const title = tracker.name === null ? 'Tracker' : `Tracker ${tracker.name}`;
  const ofScenarios = plans.map(({ scenario, sources }) => {
    const lines = Object.entries(scenario)
      .filter(([field]) => field !== 'name')
      .map(([field, value]) => settingLine({ name: field, value, source: sources[field] ?? 'default' }));
    return `Scenario ${scenario.name}\n${lines.join('\n')}\n`;
  });
  const lab = `Lab\n${ofLab.map(settingLine).join('\n')}\n`;
  return [lab, `${title}\n${ofTracker.join('\n')}\n`, ...ofScenarios].join('\n');
}

function settingLine({ name, value, source }: LabSetting): string {
  return `  ${name.padEnd(18)} ${flagOf(name).padEnd(20)} ${valueText(value).padEnd(42)} ${source}`;
}

function flagOf(name: string): string {
  if (name === 'infoHashesFile') return '--info-hashes';
  const setting = scenarioSettings.find(({ field }) => field === name);
  return `--${kebab(setting?.name ?? name)}`;
}

export interface DescribePlanOptions {
  readonly plans: readonly ScenarioPlan[];
  readonly tracker: ResolvedTracker;
  readonly outDirectory: string;
  /** Null: nothing is pinned. */
  readonly pinning: Pinning | null;
}

/** The steps that a run would take. */
export function describePlan({ plans, tracker, outDirectory, pinning }: DescribePlanOptions): string {
  const { target: url, exec, pid, pprof } = tracker.settings;
  const target =
    url === null
      ? 'our tracker, started on a free port of 127.0.0.1'
      : exec === null
        ? `${url}, which runs already`
        : `${exec}, to be started, at ${url}`;
  const canProfile = url === null || exec !== null || pid !== null || pprof !== null;
  const lines = plans.flatMap(({ scenario }) => [
    `Scenario ${scenario.name}: ${scenario.concurrency} workers, ${scenario.swarmHashes} info hashes, ${pace(scenario.ratePerSecond)}`,
    `  warm-up   ${seconds(scenario.warmupMs)}`,
    `  clean     ${seconds(scenario.durationMs)}  no profiler is on; the headline figures`,
    scenario.profileDurationMs === 0 || !canProfile
      ? '  profiled  not at all'
      : `  profiled  ${seconds(scenario.profileDurationMs)}  the profilers are on`,
  ]);
  return [
    `Target: ${target}`,
    `Cores: ${describePinning(pinning, url !== null && exec === null)}`,
    ...lines,
    `Results: ${outDirectory}`,
    '',
  ].join('\n');
}

function pace(ratePerSecond: number): string {
  return ratePerSecond === 0
    ? 'closed loop, as fast as the tracker answers'
    : `open loop, ${ratePerSecond} requests/s`;
}

function describePinning(pinning: Pinning | null, runsAlready: boolean): string {
  if (pinning === null) return 'nothing is pinned';
  const target = runsAlready ? 'the tracker where it runs' : `the tracker on ${pinning.target}`;
  return `${target}, the generator on ${pinning.generator}`;
}

function valueText(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function seconds(durationMs: number): string {
  return `${durationMs / 1000} s`.padStart(6);
}
