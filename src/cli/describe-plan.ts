/** The texts of `--print-config` and `--dry-run`. Pure. */
import { type ResolvedTracker, trackerSettingNames } from '../lab/config/tracker-settings.ts';
import type { ScenarioPlan } from '../lab/plan.ts';

/** Every setting of the tracker and every field of every scenario, with its value and where it came from. */
export function describeConfig(plans: readonly ScenarioPlan[], tracker: ResolvedTracker): string {
  const ofTracker = trackerSettingNames.map((name) =>
    settingLine(name, tracker.settings[name], tracker.sources[name]),
  );
  const title = tracker.name === null ? 'Tracker' : `Tracker ${tracker.name}`;
  const ofScenarios = plans.map(({ scenario, sources }) => {
    const lines = Object.entries(scenario)
      .filter(([field]) => field !== 'name')
      .map(([field, value]) => settingLine(field, value, sources[field]));
    return `Scenario ${scenario.name}\n${lines.join('\n')}\n`;
  });
  return [`${title}\n${ofTracker.join('\n')}\n`, ...ofScenarios].join('\n');
}

function settingLine(name: string, value: unknown, source: string | undefined): string {
  return `  ${name.padEnd(18)} ${valueText(value).padEnd(42)} ${source}`;
}

/** The steps that a run would take. */
export function describePlan(
  plans: readonly ScenarioPlan[],
  tracker: ResolvedTracker,
  outDirectory: string,
): string {
  const { target: url, exec, pid, pprof } = tracker.settings;
  const target =
    url === null
      ? 'our tracker, started on a free port of 127.0.0.1'
      : exec === null
        ? `${url}, which runs already`
        : `${exec}, to be started, at ${url}`;
  const canProfile = url === null || exec !== null || pid !== null || pprof !== null;
  const lines = plans.flatMap(({ scenario }) => [
    `Scenario ${scenario.name}: ${scenario.concurrency} workers, ${scenario.swarmHashes} info hashes`,
    `  warm-up   ${seconds(scenario.warmupMs)}`,
    `  clean     ${seconds(scenario.durationMs)}  no profiler is on; the headline figures`,
    scenario.profileDurationMs === 0 || !canProfile
      ? '  profiled  not at all'
      : `  profiled  ${seconds(scenario.profileDurationMs)}  the profilers are on`,
  ]);
  return [`Target: ${target}`, ...lines, `Results: ${outDirectory}`, ''].join('\n');
}

function valueText(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function seconds(durationMs: number): string {
  return `${durationMs / 1000} s`.padStart(6);
}
