import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { type ExportFormat, exportFormats } from '../analyze/export/export-formats.ts';
import { cannotWrite } from '../cannot-write.ts';
import { LabError } from '../errors.ts';
import { packageVersion } from '../package-root.ts';
import { type ProfileKind, profileKinds } from '../run.ts';
import type { CliContext } from './context.ts';
import { type Example, examplesText } from './examples-text.ts';
import { findRun } from './find-run.ts';

interface ExportOptions {
  readonly format?: ExportFormat;
  readonly profile?: ProfileKind;
  readonly out?: string;
  readonly runs: string;
  readonly pushPyroscope?: string;
}

const examples: readonly Example[] = [
  { line: 'tracker-lab export --format speedscope --out run.json', what: 'all profiles of the newest run' },
  { line: 'tracker-lab export RUN --format folded --profile allocations', what: 'stacks for flamegraph.pl' },
  {
    line: 'tracker-lab export RUN --format junit --out junit.xml',
    what: 'validity, thresholds and rules as tests',
  },
  { line: 'tracker-lab export --push-pyroscope http://127.0.0.1:4040', what: 'send the pprof files' },
];

/** `lab export`: a run for other people's tools. */
export function exportCommand(context: CliContext): Command {
  return new Command('export')
    .description('write a run in a format of another tool, or send its profiles to a Pyroscope server')
    .argument('[run]', "a run's folder or id; the newest one where none is named")
    .addOption(new Option('--format <format>', 'what to write').choices(exportFormats))
    .addOption(new Option('--profile <kind>', 'which profile of the run').choices(profileKinds))
    .option('--out <file>', 'where to write it; else on stdout')
    .option('--runs <dir>', 'root of the runs', 'profiles')
    .option('--push-pyroscope <url>', 'send the pprof files, labelled, such as http://127.0.0.1:4040')
    .addHelpText('after', `\n${examplesText(examples, context)}`)
    .action(async function exportOne(run: string | undefined, options: ExportOptions) {
      if (options.format === undefined && options.pushPyroscope === undefined) {
        throw new LabError({
          code: 'NO_FORMAT',
          message: 'nothing says what to export to',
          hint: `pass --format (${exportFormats.join(', ')}) or --push-pyroscope URL`,
        });
      }
      const directory = findRun(run, path.resolve(context.cwd, options.runs), context.cwd);
      if (options.format !== undefined) await write(directory, options.format, options, context);
      if (options.pushPyroscope !== undefined) await push(directory, options.pushPyroscope, options, context);
    });
}

async function write(
  directory: string,
  format: ExportFormat,
  { profile, out }: ExportOptions,
  context: CliContext,
): Promise<void> {
  const { exportRun } = await import('../analyze/export/export-run.ts');
  const { text, remark, summary } = await exportRun(directory, {
    format,
    exporter: `tracker-lab ${packageVersion}`,
    ...(profile === undefined ? {} : { profile }),
  });
  if (out === undefined) context.stdout.write(text);
  else writeWhole(path.resolve(context.cwd, out), text);
  if (remark !== null) context.stderr.write(`${remark}\n`);
  const summaryFile = context.env['GITHUB_STEP_SUMMARY'];
  if (summary === undefined || summaryFile === undefined || summaryFile === '') return;
  try {
    appendFileSync(summaryFile, summary);
  } catch (cause) {
    throw cannotWrite(summaryFile, cause, 'check GITHUB_STEP_SUMMARY, or unset it');
  }
}

async function push(
  directory: string,
  url: string,
  { profile }: ExportOptions,
  context: CliContext,
): Promise<void> {
  const { pushPyroscope } = await import('./push-pyroscope.ts');
  const pushed = await pushPyroscope(directory, { url, ...(profile === undefined ? {} : { profile }) });
  for (const { file, name } of pushed) context.stderr.write(`Sent ${file} as ${name}\n`);
}

function writeWhole(file: string, text: string): void {
  const temporary = `${file}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cannotWrite(file, cause, 'pass another file with --out');
  }
}
