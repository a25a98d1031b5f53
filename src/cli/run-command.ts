/** The main command's flags: `tracker-lab --scenario heavy`. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { ExitCode } from '../errors.ts';
import { CONFIG_FILE } from '../lab/config/parse-config.ts';
import { presetNames, presets } from '../lab/scenarios.ts';
import { allowedCpus, planPinning } from '../lab/target/pinning.ts';
import { clinicTools } from '../run.ts';
import type { CliContext } from './context.ts';
import { describeConfig, describePlan, type LabSetting } from './describe-plan.ts';
import { baselineOption, type GateFlags, thresholdOption } from './gate-flags.ts';
import { withLabCommand } from './lab-command.ts';
import {
  integerBetween,
  parseEnvironment,
  parsePids,
  parseRepeated,
  parseSweep,
  settingParser,
} from './parse-values.ts';
import { redisCaOption, redisOption } from './redis-flags.ts';
import { resolveRun } from './resolve-run.ts';
import type { RunFlags } from './run-flags.ts';
import { runSuite } from './run-suite.ts';
import { addScenarioFlags, environmentName, sourceOf } from './scenario-flags.ts';
import { unknownVariables } from './unknown-variables.ts';

/** Each has a queue of its own that the lab listens to. */
const MOST_AGENTS = 64;
/** As many as our tracker takes. */
const MOST_TRACKER_WORKERS = 64;

/** Adds the flags that say what is run and how; `lab compare` takes the same. */
export function addRunFlags(command: Command): void {
  const workers = presetNames.map((name) => `${name}: ${presets[name].concurrency} workers`).join(', ');
  command
    .addOption(
      withEnvironment(
        new Option(
          '--scenario <name>',
          `${workers}; all: the four in turn; or one of the config file`,
        ).default('heavy'),
      ),
    )
    .addOption(
      withEnvironment(
        new Option(
          '--sweep <workers>',
          'run the scenario at these numbers of workers in turn, such as 10,50,100,500,1000, and fit how it scales',
        ).argParser(parseSweep),
      ),
    )
    .addOption(
      withEnvironment(new Option('--config <file>', `config file (${CONFIG_FILE}, where it exists)`)),
    )
    .addOption(withEnvironment(new Option('--tracker <name>', 'a tracker of the config file')))
    .addOption(
      withEnvironment(
        new Option(
          '--target <url>',
          'udp://HOST:PORT of a tracker that already runs; repeatable, the load is spread over all',
        ).argParser(parseRepeated),
      ),
    )
    .addOption(
      withEnvironment(
        new Option('--exec <command>', 'start this tracker, which serves --target, and stop it afterwards'),
      ),
    )
    .addOption(withEnvironment(new Option('--cwd <dir>', 'working folder of --exec')))
    .addOption(
      new Option('--env <K=V>', 'environment of --exec, added to that of the lab; repeatable').argParser(
        parseEnvironment,
      ),
    )
    .addOption(
      withEnvironment(
        new Option(
          '--pid <number>',
          'process of a tracker that already runs, for its CPU, memory and perf; with several --target one each, in order',
        ).argParser(parsePids),
      ),
    )
    .addOption(
      withEnvironment(
        new Option(
          '--pprof <url>',
          'pprof endpoint of a Go tracker, such as http://127.0.0.1:6060/debug/pprof; with several --target one each, in order',
        ).argParser(parseRepeated),
      ),
    )
    .option('--perf', 'profile by Linux perf too: native and kernel frames')
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
    .addOption(
      withEnvironment(
        new Option(
          '--tracker-workers <number>',
          'threads of our tracker that serve, a socket and a part of the swarms each',
        )
          .argParser(integerBetween(1, MOST_TRACKER_WORKERS))
          .default(1),
      ),
    )
    .addOption(
      withEnvironment(
        new Option(
          '--tracker-host <address>',
          'address that our tracker serves, for load agents elsewhere (127.0.0.1)',
        ),
      ),
    )
    .option('--allow-remote', 'permit a target off this machine', false)
    .addOption(
      withEnvironment(
        new Option('--info-hashes <file>', 'the pool of info hashes, 40 hexadecimal digits a line'),
      ),
    );
  addScenarioFlags(command);
  command
    .addOption(
      withEnvironment(
        new Option('--pin <cpus>', 'auto, off, or TARGET:GENERATOR CPU lists such as 0:1').default('auto'),
      ),
    )
    .addOption(withEnvironment(new Option('--out <dir>', 'root of the runs').default('profiles')))
    .addOption(
      withEnvironment(
        new Option(
          '--clinic <tool>',
          'let clinic look at the tracker too, in a start of its own after the run (npm install clinic)',
        ).choices(clinicTools),
      ),
    )
    .addOption(
      withEnvironment(
        new Option('--flame <tool>', "write 0x's flame graph of the run too (npm install 0x)").choices([
          '0x',
        ]),
      ),
    )
    .option('--allow-no-profile', 'go on, marked, where a profiler does not start', false)
    .option('-q, --quiet', 'no progress', false);
}

/** Makes the program itself the command that runs a scenario. */
export function addRunCommand(
  program: Command,
  context: CliContext,
  setExitCode: (code: ExitCode) => void,
): void {
  addRunFlags(program);
  program
    .addOption(
      withEnvironment(
        new Option(
          '--agents <number>',
          'let this many load agents make the load (tracker-lab agent --help)',
        ).argParser(integerBetween(1, MOST_AGENTS)),
      ),
    )
    .addOption(withEnvironment(redisOption()))
    .addOption(withEnvironment(redisCaOption()))
    .addOption(
      withEnvironment(
        new Option('--agents-wait <time>', 'how long agents are waited for (60s)').argParser(
          settingParser({ type: 'positive-duration' }),
        ),
      ),
    )
    .option('--json', 'print report.json on stdout and nothing else there', false)
    .addOption(thresholdOption())
    .addOption(withEnvironment(baselineOption()))
    .option('--dry-run', 'print what would be done and do nothing', false)
    .option('--print-config', 'print every setting with its source and do nothing', false)
    .action(async function runLab(given: RunFlags & GateFlags, command: Command) {
      const flags = { ...given, out: path.resolve(context.cwd, given.out) };
      const cpus = allowedCpus();
      const { plans, tracker } = resolveRun({
        flags,
        command,
        cwd: context.cwd,
        cpuCount: cpus.length,
        trackerWorkers: flags.trackerWorkers,
      });
      const targetCores = tracker.settings.target === null ? flags.trackerWorkers : 1;
      const { pinning } = planPinning({ mode: flags.pin, allowed: cpus, targetCores });
      for (const line of unknownVariables(context.env, command)) {
        context.stderr.write(`${withLabCommand(line, context)}\n`);
      }
      if (flags.printConfig || flags.dryRun) {
        context.stdout.write(
          flags.printConfig
            ? describeConfig(plans, tracker, labSettings(flags, command))
            : describePlan({ plans, tracker, outDirectory: flags.out, pinning }),
        );
        setExitCode(ExitCode.ok);
      } else {
        setExitCode(await runSuite({ plans, tracker: tracker.settings, flags, cpus, context }));
      }
    });
}

/** What is set of the lab itself, with its source. */
function labSettings(flags: RunFlags, command: Command): LabSetting[] {
  const names = ['pin', 'out', 'trackerSocket', 'trackerWorkers', 'allowNoProfile'] as const;
  return names.map((name) => ({ name, value: flags[name], source: sourceOf(command, name) ?? 'default' }));
}

function withEnvironment(option: Option): Option {
  return option.env(environmentName(option));
}
