import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { ExitCode, LabError } from '../errors.ts';
import { type CliContext, columnsOf } from './context.ts';
import { applyGate } from './gate.ts';
import { baselineOption, type GateFlags, thresholdOption } from './gate-flags.ts';
import { labCommand } from './lab-command.ts';
import { integerBetween } from './parse-values.ts';

interface AnalyzeOptions extends GateFlags {
  readonly json: boolean;
  readonly count: number;
  readonly valueType?: string;
}

/** `lab analyze`: judges a run's folder again, or prints the top tables of any pprof file. */
export function analyzeCommand(context: CliContext, setExitCode: (code: ExitCode) => void): Command {
  return new Command('analyze')
    .description("judge a run's folder again, or print the top tables of a pprof file")
    .argument('<path>', "a run's folder, or a .pb.gz file")
    .option('--json', 'print report.json, or the tables of a profile as JSON', false)
    .addOption(
      new Option('--count <rows>', 'rows of a top table').argParser(integerBetween(1, 1000)).default(10),
    )
    .option('--value-type <type>', 'sample type of a pprof file, for example alloc_space')
    .addOption(thresholdOption())
    .addOption(baselineOption())
    .action(async function analyzePath(given: string, options: AnalyzeOptions) {
      const target = path.resolve(context.cwd, given);
      const stats = statSync(target, { throwIfNoEntry: false });
      if (stats === undefined) {
        throw new LabError({
          code: 'NO_SUCH_RUN',
          message: `${target} does not exist`,
          hint: "pass a run's folder (see profiles/) or a .pb.gz file",
        });
      }
      if (stats.isDirectory()) setExitCode(await analyzeDirectory(target, options, context));
      else await printTopTables(target, options, context);
    });
}

async function analyzeDirectory(
  directory: string,
  options: AnalyzeOptions,
  context: CliContext,
): Promise<ExitCode> {
  if (existsSync(path.join(directory, 'timeline.ndjson')) && !existsSync(path.join(directory, 'run.json'))) {
    throw new LabError({
      code: 'RUN_NOT_SAVED',
      message: `${directory} has no run.json: the run was killed before it was saved, or it still goes on`,
      hint: 'wait for its end, or measure again and remove this folder',
    });
  }
  const { analyzeRun } = await import('../analyze/analyze.ts');
  const { summarize } = await import('../analyze/report/summarize.ts');
  const analyzed = await analyzeRun(directory);
  const { report } = analyzed;
  if (options.json) context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const lines = summarize(report, directory, labCommand(context), columnsOf(context.stdout));
    for (const line of lines) context.stdout.write(`${line}\n`);
  }
  const passed = await applyGate([analyzed], {
    flags: options,
    out: path.dirname(directory),
    context,
    output: options.json ? context.stderr : context.stdout,
  });
  if (options.threshold.length > 0 && !report.valid) return ExitCode.invalidRun;
  return passed ? ExitCode.ok : ExitCode.thresholdFailed;
}

/** The raw table as pprof prints it, and below it the one charged to application functions. */
async function printTopTables(file: string, options: AnalyzeOptions, context: CliContext): Promise<void> {
  const { profileFileTables, formatProfileTables } = await import(
    '../analyze/profile/profile-file-tables.ts'
  );
  const tables = profileFileTables(file, {
    count: options.count,
    ...(options.valueType === undefined ? {} : { valueType: options.valueType }),
  });
  context.stdout.write(options.json ? `${JSON.stringify(tables, null, 2)}\n` : formatProfileTables(tables));
}
