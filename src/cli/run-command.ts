/** The main job: plan, run, analyse, print. */
import { type Command, Option } from 'commander';
import type { AnalyzedRun } from '../analyze/analyze.ts';
import { ExitCode, LabError } from '../errors.ts';
import type { RunOutcome } from '../lab/run-scenario.ts';
import { planScenario, type ScenarioPlan } from '../lab/plan.ts';
import { type PresetName, presetNames, presets } from '../lab/scenarios.ts';
import { allowedCpus } from '../lab/target/pinning.ts';
import type { CliContext } from './context.ts';
import { createInterrupt, type Interrupt } from './interrupt.ts';
import { createProgress, type Progress } from './progress.ts';
import { addScenarioFlags, environmentName, readOverrides } from './scenario-flags.ts';

interface RunFlags {
  readonly scenario: PresetName | 'all';
  readonly target?: string;
  readonly allowRemote: boolean;
  readonly allowNoProfile: boolean;
  readonly pin: string;
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly printConfig: boolean;
  readonly quiet: boolean;
}

/** Makes the program itself the `run` command, so that `lab --scenario heavy` is enough. */
export function addRunCommand(
  program: Command,
  context: CliContext,
  setExitCode: (code: ExitCode) => void,
): void {
  const purposes = presetNames.map((name) => `${name}: ${presets[name].concurrency} workers`).join(', ');
  program
    .addOption(
      withEnvironment(
        new Option('--scenario <name>', `${purposes}; all: the four in turn`)
          .choices([...presetNames, 'all'])
          .default('heavy'),
      ),
    )
    .addOption(withEnvironment(new Option('--target <url>', 'udp://HOST:PORT of a tracker that already runs')))
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
    .action(async function runLab(flags: RunFlags, command: Command) {
      setExitCode(await runAll(flags, command, context));
    });
}

async function runAll(flags: RunFlags, command: Command, context: CliContext): Promise<ExitCode> {
  const names = flags.scenario === 'all' ? presetNames : [flags.scenario];
  const overrides = readOverrides(command);
  const plans = names.map((name) => planScenario(name, overrides, allowedCpus().length));
  if (flags.printConfig) return printConfig(plans, context);
  if (flags.dryRun) return printPlan(plans, flags, context);

  const interrupt = createInterrupt(context);
  const progress = createProgress(context, flags.quiet);
  const outcomes: RunOutcome[] = [];
  try {
    const suiteId = plans.length > 1 ? `suite-${new Date().toISOString().replaceAll(/[^0-9]/g, '')}` : null;
    for (const plan of plans) {
      outcomes.push(await runOne(plan, suiteId, flags, context, interrupt, progress));
      if (interrupt.signal.aborted) break;
    }
  } finally {
    progress.end();
    interrupt.stopListening();
  }
  const analyzed = await analyzeOutcomes(outcomes);
  await printResults(analyzed, flags, context);
  return exitCodeOf(outcomes, analyzed, interrupt);
}
