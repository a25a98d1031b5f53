/** The command line: `run(argv, context)` parses, dispatches and turns every outcome into an exit code. */
import { Command, CommanderError, Help } from 'commander';
import { ExitCode, LabError } from '../errors.ts';
import { packageVersion } from '../package-root.ts';
import { agentCommand } from './agent-command.ts';
import { analyzeCommand } from './analyze-command.ts';
import { capacityCommand } from './capacity-command.ts';
import { compareCommand } from './compare-command.ts';
import { completionCommand } from './completion-command.ts';
import type { CliContext } from './context.ts';
import { doctorCommand } from './doctor-command.ts';
import { type Example, examplesText } from './examples-text.ts';
import { explainCommand } from './explain-command.ts';
import { exportCommand } from './export-command.ts';
import { hashesCommand } from './hashes-command.ts';
import { historyCommand } from './history-command.ts';
import { initCommand } from './init-command.ts';
import { labCommand, withLabCommand } from './lab-command.ts';
import { openCommand } from './open-command.ts';
import { addRunCommand } from './run-command.ts';
import { serveCommand } from './serve-command.ts';

const examples: readonly Example[] = [
  { line: 'tracker-lab --scenario heavy', what: 'start our tracker, load it, profile it, write the report' },
  {
    line: 'tracker-lab --scenario medium --target udp://127.0.0.1:6969',
    what: 'load a tracker that already runs',
  },
  { line: 'tracker-lab init', what: 'name trackers and scenarios in lab.config.json' },
  {
    line: 'tracker-lab --tracker mine --scenario quick',
    what: 'measure one of its trackers under one of its scenarios',
  },
  { line: 'tracker-lab explain gc-pressure', what: 'how a rule judges, by which limits and why' },
  {
    line: "tracker-lab --threshold 'p95<5ms' --threshold 'success>=99.9%'",
    what: 'hold a line: exit code 99 where one fails',
  },
  {
    line: "tracker-lab compare --repeat 6 --a '--tracker-socket dgram' --b '--tracker-socket batched'",
    what: 'which is better, by statistics',
  },
  {
    line: 'tracker-lab analyze profiles/20261124-101500-heavy',
    what: "judge a run again, or print any pprof file's top tables",
  },
  { line: 'tracker-lab capacity', what: "how many users the newest run's tracker carries" },
  { line: 'tracker-lab open', what: "the newest run's page, with its charts and flame graphs" },
  { line: 'tracker-lab export --format speedscope --out run.json', what: 'the newest run for another tool' },
];

const exitCodes = `
Exit codes:
  0 ok · 1 internal error · 2 usage · 10 a comparison found a figure worse · 11 run invalid · 12 tracker crashed or never ready
  99 a threshold failed · 130 interrupted (SIGINT) · 143 terminated (SIGTERM)

Every flag of a run can be set by the environment too: --duration is LAB_DURATION, --num-want is LAB_NUM_WANT.
A flag wins over the environment, that over lab.config.json, and that over the preset.
`;

/**
 * Runs one command line.
 *
 * @param argv - the arguments after the program's name
 * @returns the exit code; nothing is thrown for a user's mistake
 */
export async function run(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const setExitCode = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = new Command('tracker-lab')
    .description('Measures a BitTorrent UDP tracker under load and says what limits it.')
    .version(packageVersion)
    .enablePositionalOptions()
    .showHelpAfterError(withLabCommand('(tracker-lab --help shows all flags)', context))
    .addHelpText('before', examplesText(examples, context))
    .addHelpText('after', withLabCommand(exitCodes, context))
    .configureHelp({
      commandUsage: (command) =>
        new Help().commandUsage(command).replace(/^tracker-lab/, () => labCommand(context)),
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  addRunCommand(program, context, setExitCode);
  program.addCommand(inheritSettings(program, agentCommand(context, setExitCode)));
  program.addCommand(inheritSettings(program, analyzeCommand(context, setExitCode)));
  program.addCommand(inheritSettings(program, compareCommand(context, setExitCode)));
  program.addCommand(inheritSettings(program, historyCommand(context)));
  program.addCommand(inheritSettings(program, capacityCommand(context)));
  program.addCommand(inheritSettings(program, openCommand(context)));
  program.addCommand(inheritSettings(program, serveCommand(context)));
  program.addCommand(inheritSettings(program, explainCommand(context)));
  program.addCommand(inheritSettings(program, exportCommand(context)));
  program.addCommand(inheritSettings(program, hashesCommand(context)));
  program.addCommand(inheritSettings(program, initCommand(context)));
  program.addCommand(inheritSettings(program, doctorCommand(context, setExitCode)));
  program.addCommand(inheritSettings(program, completionCommand(program, context)));

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    if (error instanceof LabError) {
      context.stderr.write(`${withLabCommand(error.toLine(), context)}\n`);
      return error.exitCode;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    context.stderr.write(`INTERNAL: this is a bug in tracker-lab, please report it.\n${stack}\n`);
    return ExitCode.internal;
  }
}

function inheritSettings(program: Command, command: Command): Command {
  return command.copyInheritedSettings(program);
}
