/** The texts of `--print-config` and `--dry-run`. Pure. */
import type { ScenarioPlan } from '../lab/plan.ts';
import type { RunFlags } from './run-flags.ts';

/** Every field of every scenario with its value and where it came from. */
export function describeConfig(plans: readonly ScenarioPlan[]): string {
  return plans
    .map(({ scenario, sources }) => {
      const lines = Object.entries(scenario)
        .filter(([field]) => field !== 'name')
        .map(([field, value]) => `  ${field.padEnd(18)} ${valueText(value).padEnd(38)} ${sources[field]}`);
      return `${scenario.name}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

/** The steps that a run would take. */
export function describePlan(plans: readonly ScenarioPlan[], flags: RunFlags): string {
  const target = flags.target ?? 'our tracker, started on a free port of 127.0.0.1';
  const lines = plans.flatMap(({ scenario }) => [
    `Scenario ${scenario.name}: ${scenario.concurrency} workers, ${scenario.swarmHashes} info hashes`,
    `  warm-up   ${seconds(scenario.warmupMs)}`,
    `  clean     ${seconds(scenario.durationMs)}  no profiler is on; the headline figures`,
    scenario.profileDurationMs === 0 || flags.target !== undefined
      ? '  profiled  not at all'
      : `  profiled  ${seconds(scenario.profileDurationMs)}  CPU and allocation profilers are on`,
  ]);
  return [`Target: ${target}`, ...lines, `Results: ${flags.out}`, ''].join('\n');
}

function valueText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function seconds(durationMs: number): string {
  return `${durationMs / 1000} s`.padStart(6);
}
