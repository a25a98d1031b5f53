import path from 'node:path';
import { Command, Option } from 'commander';
import type { HistoryDocument } from '../analyze/trend/history-schema.ts';
import { LabError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { type Example, examplesText } from './examples-text.ts';
import { integerBetween } from './parse-values.ts';

interface HistoryOptions {
  readonly out: string;
  readonly scenario?: string;
  readonly tracker?: string;
  readonly count: number;
  readonly json: boolean;
  readonly markdown: boolean;
}

const examples: readonly Example[] = [
  { line: 'tracker-lab history', what: 'all runs by scenario, load and tracker' },
  { line: 'tracker-lab history --scenario heavy --count 50', what: 'more of one scenario' },
  { line: 'tracker-lab history --json', what: 'for a program: schemas/history.schema.json' },
];

/** `lab history`: the runs of a results folder by scenario and tracker, where figures changed, and the trends to watch. */
export function historyCommand(context: CliContext): Command {
  return new Command('history')
    .description('show earlier runs by scenario and tracker version, with changes and trends')
    .option('--out <dir>', 'root of the runs', 'profiles')
    .option('--scenario <name>', 'only this scenario')
    .option('--tracker <text>', 'only trackers whose name contains this')
    .addOption(
      new Option('--count <rows>', 'newest runs of each table')
        .argParser(integerBetween(1, 1000))
        .default(20),
    )
    .option('--json', 'print rows, changes and trends as JSON', false)
    .option('--markdown', 'print Markdown', false)
    .addHelpText('after', `\n${examplesText(examples, context)}`)
    .action(async function showHistory(options: HistoryOptions) {
      const { readHistory } = await import('../analyze/history.ts');
      const { historyGroups } = await import('../analyze/trend/history-groups.ts');
      const { historyLines, historyMarkdown } = await import('../analyze/trend/history-text.ts');
      const { memoryTrendOf } = await import('../analyze/trend/memory-trend-of.ts');
      const out = path.resolve(context.cwd, options.out);
      const file = path.join(out, 'history.jsonl');
      const { rows, brokenLines } = readHistory(file);
      const chosen = rows.filter(
        (row) =>
          (options.scenario === undefined || row.scenario === options.scenario) &&
          (options.tracker === undefined || row.trackerName.includes(options.tracker)),
      );
      if (chosen.length === 0) {
        throw new LabError({
          code: 'NO_HISTORY',
          message: `expected runs in ${file}, found ${rows.length === 0 ? 'none' : `none of ${rows.length} that was asked for`}`,
          hint:
            rows.length === 0
              ? 'measure something first, or name the folder with --out'
              : 'leave --scenario and --tracker out',
        });
      }
      const groups = historyGroups({ rows: chosen, brokenLines }, (runId) => memoryTrendOf(out, runId));
      if (brokenLines > 0) {
        context.stderr.write(`${brokenLines} lines of ${file} could not be read and are left out.\n`);
      }
      const document: HistoryDocument = { schemaVersion: 1, groups };
      if (options.json) context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      else if (options.markdown) context.stdout.write(historyMarkdown(groups, options.count));
      else for (const line of historyLines(groups, options.count)) context.stdout.write(`${line}\n`);
    });
}
