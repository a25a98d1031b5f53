/** The main command's flags: `tracker-lab --scenario heavy`. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { ExitCode } from '../errors.ts';
import { planScenario, type ScenarioPlan } from '../lab/plan.ts';
import { presetNames, presets } from '../lab/scenarios.ts';
import { allowedCpus } from '../lab/target/pinning.ts';
import type { CliContext } from './context.ts';
import { describeConfig, describePlan } from './describe-plan.ts';
import type { RunFlags } from './run-flags.ts';
import { runSuite } from './run-suite.ts';
import { addScenarioFlags, environmentName, readOverrides } from './scenario-flags.ts';

/** Makes the program itself the command that runs a scenario. */
export function addRunCommand(
  program: Command,
  context: CliContext,
  setExitCode: (code: ExitCode) => void,
): void {
  const workers = presetNames.map((name) => `${name}: ${presets[name].concurrency} workers`).join(', ');
  program
    .addOption(
      withEnvironment(
        new Option('--scenario <name>', `${workers}; all: the four in turn`)
          .choices([...presetNames, 'all'])
          .default('heavy'),
      ),
    )
    .addOption(
      withEnvironment(new Option('--target <url>', 'udp://HOST:PORT of a tracker that already runs')),
    )
    .addOption(
      withEnvironment(
        new Option(
          '--tracker-socket <kind>',
          'socket of our tracker; auto: batched where it can be had, else dgram',
        )
          .choices(['dgram', 'batched', 'auto'])
          .default('auto'),
      ),
    )
    .option('--allow-remote', 'permit a target off this machine', false);
  addScenarioFlags(program);
  program
    .addOption(
      withEnvironment(
        new Option('--pin <cpus>', 'auto, off, or TARGET:GENERATOR CPU lists such as 0:1').default('auto'),
      ),
    )
    .addOption(withEnvironment(new Option('--out <dir>', 'root of the runs').default('profiles')))
    .option('--allow-no-profile', 'go on, marked, where a profiler does not start', false)
    .option('--json', 'print report.json on stdout and nothing else there', false)
    .option('--dry-run', 'print what would be done and do nothing', false)
    .option('--print-config', 'print every setting with its source and do nothing', false)
    .option('-q, --quiet', 'no progress', false)
    .action(async function runLab(given: RunFlags, command: Command) {
      const flags = { ...given, out: path.resolve(context.cwd, given.out) };
      const cpus = allowedCpus();
      const plans = planAll(flags, command, cpus.length);
      if (flags.printConfig || flags.dryRun) {
        context.stdout.write(flags.printConfig ? describeConfig(plans) : describePlan(plans, flags));
        setExitCode(ExitCode.ok);
      } else {
        setExitCode(await runSuite({ plans, flags, cpus, context }));
      }
    });
}

function planAll(flags: RunFlags, command: Command, cpuCount: number): ScenarioPlan[] {
  const names = flags.scenario === 'all' ? presetNames : [flags.scenario];
  const overrides = readOverrides(command);
  return names.map((name) => planScenario(name, overrides, cpuCount));
}

function withEnvironment(option: Option): Option {
  return option.env(environmentName(option));
}
