/** `lab compare`: two sides of runs, stored or new, and what differs. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import type { ComparedFolders, SideFolders } from '../analyze/compare/compare-folders.ts';
import { ExitCode, LabError } from '../errors.ts';
import { parseCommand } from '../lab/target/parse-command.ts';
import { allowedCpus } from '../lab/target/pinning.ts';
import type { CliContext } from './context.ts';
import { type Example, examplesText } from './examples-text.ts';
import { findPair, findSide } from './find-side.ts';
import { needsConfirming } from './further-pairs.ts';
import { createInterrupt, type Interrupt } from './interrupt.ts';
import { withLabCommand } from './lab-command.ts';
import { measureSides, type SidePlan } from './measure-sides.ts';
import { integerBetween } from './parse-values.ts';
import { createProgress, type Progress } from './progress.ts';
import { resolveRun } from './resolve-run.ts';
import { checkOutRevisions, type RevisionFolders } from './revision-folders.ts';
import { addRunFlags } from './run-command.ts';
import type { RunFlags } from './run-flags.ts';
import type { MeasuredSides } from './runs-in-turn.ts';
import { writeStepSummary } from './step-summary.ts';

/** The least with which there is a verdict. */
const USUAL_REPEAT = 6;

interface CompareFlags extends RunFlags {
  readonly repeat?: number;
  readonly a: string;
  readonly b: string;
  readonly build?: string;
  readonly markdown: boolean;
}

const examples: readonly Example[] = [
  {
    line: 'tracker-lab compare 20261124-101500-heavy 20261124-113000-heavy',
    what: 'two stored runs: figures and functions, no verdict',
  },
  {
    line: "tracker-lab compare --repeat 6 --scenario medium --a '--tracker-socket dgram' --b '--tracker-socket batched'",
    what: 'new runs of two kinds, in turn',
  },
  {
    line: "tracker-lab compare v1.2 main --exec 'node server.js' --target udp://127.0.0.1:6969 --build 'npm ci'",
    what: 'two git revisions of a tracker, each in a checkout of its own',
  },
  {
    line: 'tracker-lab compare profiles/compare-20261124-101500',
    what: 'judge the runs of an earlier comparison again',
  },
];
const afterwards = `
With six runs a side or more that took turns, each figure gets a verdict. An invalid run is replaced by a further pair, up to
half of --repeat; a small change is confirmed by half as many pairs again.
Exit codes: 0 ok · 10 a figure got worse · 11 a side has no valid run · 130 interrupted (SIGINT) · 143 terminated (SIGTERM)
`;

export function compareCommand(context: CliContext, setExitCode: (code: ExitCode) => void): Command {
  const command = withCompareFlags(new Command('compare'))
    .description(
      'compare two sides of stored runs, or measure both in turn; all flags of a run are taken too',
    )
    .addHelpText('after', `\n${examplesText(examples, context)}${afterwards}`)
    .action(async function compare(a: string | undefined, b: string | undefined, given: CompareFlags) {
      const out = path.resolve(context.cwd, given.out);
      const flags = { ...given, out };
      if (isMeasured(command, given)) {
        setExitCode(await compareNewRuns({ a, b, flags, words: wordsAfter(command), context, command }));
        return;
      }
      const [before, after] =
        b === undefined
          ? findPair(a ?? missingSides(), out, context.cwd)
          : [findSide(a as string, out, context.cwd), findSide(b, out, context.cwd)];
      const directory = homeOf(before, after) ?? path.join(out, newName());
      setExitCode(exitCodeOf(await judge({ before, after, directory, flags, context })));
    });
  return command;
}

function withCompareFlags(command: Command): Command {
  command
    .argument(
      '[a]',
      'the side before: runs (ids, folders, a folder of runs, a suite; parted by commas), or a revision',
    )
    .argument('[b]', 'the side after')
    .addOption(
      new Option('--repeat <runs>', `measure this many runs a side, in turn (${USUAL_REPEAT})`).argParser(
        integerBetween(1, 100),
      ),
    )
    .addOption(new Option('--a <flags>', 'flags of side a alone, in quotes').default(''))
    .addOption(new Option('--b <flags>', 'flags of side b alone, in quotes').default(''))
    .option('--build <command>', 'with revisions: run by the shell in each checkout')
    .option('--json', 'print comparison.json on stdout and nothing else there', false)
    .option('--markdown', 'print the comparison as Markdown', false);
  addRunFlags(command);
  return command;
}

function isMeasured(command: Command, { repeat, a, b, build }: CompareFlags): boolean {
  const named = ['exec', 'tracker', 'target'].some((name) => command.getOptionValueSource(name) === 'cli');
  return repeat !== undefined || a !== '' || b !== '' || build !== undefined || named;
}

function missingSides(): never {
  throw new LabError({
    code: 'NO_SIDES',
    message: 'expected two sides, found none',
    hint: 'name two runs, or measure new ones with --repeat 6',
  });
}

/** The words of this command line behind `compare`. */
function wordsAfter(command: Command): string[] {
  return (command.parent?.args ?? []).slice(1);
}

interface NewRuns {
  /** Revisions; absent where the sides differ in their flags. */
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly flags: CompareFlags;
  readonly words: readonly string[];
  readonly context: CliContext;
  readonly command: Command;
}

async function compareNewRuns(options: NewRuns): Promise<ExitCode> {
  const { a, b, flags, context } = options;
  const cpus = allowedCpus();
  const commands = { a: parseSide(flags.a, options), b: parseSide(flags.b, options) };
  const trackerWorkers = mostTrackerWorkers([commands.a, commands.b]);
  const cores = { cpuCount: cpus.length, trackerWorkers };
  const sides = { a: planSide(commands.a, options, cores), b: planSide(commands.b, options, cores) };
  if (a !== undefined && (sides.a.tracker.exec === null || b === undefined)) {
    throw new LabError({
      code: 'BAD_COMPARISON',
      message: `expected two revisions and --exec, found ${b === undefined ? 'one revision' : 'no --exec'}`,
      hint: "for new runs of one build leave the names out; for revisions: compare REV REV --exec 'node server.js' --target URL",
    });
  }
  if (a === undefined && flags.build !== undefined) {
    throw new LabError({
      code: 'BAD_COMPARISON',
      message: '--build is for revisions, and none is named',
      hint: 'name two revisions, or leave --build out',
    });
  }
  const progress = createProgress(context, flags.quiet);
  const interrupt = createInterrupt(context, progress.lastWord);
  const directory = path.join(flags.out, newName());
  let checkouts: RevisionFolders | null = null;
  try {
    if (a !== undefined && b !== undefined) {
      checkouts = await checkOutRevisions({
        repository: sides.a.tracker.cwd ?? context.cwd,
        revisions: [a, b],
        build: flags.build ?? null,
        tell: (text) => progress.onEvent({ kind: 'step', text }),
        signal: interrupt.signal,
      });
    }
    const [inA, inB] = checkouts?.revisions ?? [];
    const at = (side: SidePlan, folder: string | undefined): SidePlan =>
      folder === undefined ? side : { ...side, tracker: { ...side.tracker, cwd: folder } };
    const { compareLoaded, isValidRun } = await import('../analyze/compare/compare-folders.ts');
    const measured = await measureSides({
      a: at(sides.a, inA?.folder),
      b: at(sides.b, inB?.folder),
      repeat: flags.repeat ?? USUAL_REPEAT,
      directory,
      cpus,
      isValid: isValidRun,
      needsConfirming: (so) =>
        needsConfirming(
          compareLoaded({ label: 'a', directories: so.a }, { label: 'b', directories: so.b }).metrics,
        ),
      signal: interrupt.signal,
      progress,
    });
    return await judgeMeasured({
      measured,
      labels: [inA?.label ?? labelOf('a', flags.a), inB?.label ?? labelOf('b', flags.b)],
      directory,
      flags,
      context,
      interrupt,
      progress,
    });
  } catch (error) {
    // What a signal ended, such as a build, is no failure of its own.
    const code = interrupt.exitCode();
    if (code === null) throw error;
    context.stderr.write('Nothing was measured.\n');
    return code;
  } finally {
    await checkouts?.remove();
    interrupt.stopListening();
  }
}

function labelOf(side: 'a' | 'b', flags: string): string {
  return flags === '' ? side : `${side}: ${flags}`;
}

/** The command of one side: the whole command line with the side's own flags behind it. */
function parseSide(own: string, { words, command }: NewRuns): Command {
  const side = withCompareFlags(new Command('compare')).copyInheritedSettings(command);
  return side.parse([...words, ...(own.trim() === '' ? [] : parseCommand(own))], { from: 'user' });
}

/** Of the side that has more: both are loaded by as many threads, or they would differ in more than was asked. */
function mostTrackerWorkers(sides: readonly Command[]): number {
  return Math.max(...sides.map((side) => side.opts<CompareFlags>().trackerWorkers));
}

function planSide(
  side: Command,
  { context }: NewRuns,
  cores: { readonly cpuCount: number; readonly trackerWorkers: number },
): SidePlan {
  const flags = side.opts<CompareFlags>();
  const { plans, tracker } = resolveRun({ flags, command: side, cwd: context.cwd, ...cores });
  const [plan, another] = plans;
  if (plan === undefined || another !== undefined) {
    throw new LabError({
      code: 'BAD_COMPARISON',
      message: `expected one scenario, found "${flags.scenario}"`,
      hint: 'compare one scenario at a time, for example --scenario medium',
    });
  }
  return { plan, tracker: tracker.settings, flags };
}

async function judgeMeasured(options: {
  readonly measured: MeasuredSides;
  readonly labels: readonly [string, string];
  readonly directory: string;
  readonly flags: CompareFlags;
  readonly context: CliContext;
  readonly interrupt: Interrupt;
  readonly progress: Progress;
}): Promise<ExitCode> {
  const { measured, labels, directory, flags, context, interrupt } = options;
  const { analyzeRun } = await import('../analyze/analyze.ts');
  for (const folder of [...measured.a, ...measured.b]) await analyzeRun(folder);
  const { failure } = measured;
  if (failure !== null) context.stderr.write(`${withLabCommand(failure.toLine(), context)}\n`);
  const ended = interrupt.exitCode() ?? failure?.exitCode ?? null;
  if (measured.a.length === 0 || measured.b.length === 0) {
    const missing = measured.a.length === 0 ? 'a' : 'b';
    context.stderr.write(`No comparison: side ${missing} has no run. What was measured is in ${directory}\n`);
    return ended ?? ExitCode.invalidRun;
  }
  const compared = await judge({
    before: { label: labels[0], directories: measured.a },
    after: { label: labels[1], directories: measured.b },
    notes: measured.notes,
    directory,
    flags,
    context,
  });
  return ended ?? exitCodeOf(compared);
}

/** Compares, writes and prints. */
async function judge(options: {
  readonly before: SideFolders;
  readonly after: SideFolders;
  /** Of what was measured beyond what was asked for; absent: nothing was. */
  readonly notes?: readonly string[];
  readonly directory: string;
  readonly flags: CompareFlags;
  readonly context: CliContext;
}): Promise<ComparedFolders> {
  const { before, after, notes, directory, flags, context } = options;
  const { compareFolders, writeComparison } = await import('../analyze/compare/compare-folders.ts');
  const { comparisonLines } = await import('../analyze/compare/comparison-text.ts');
  const compared = compareFolders(before, after, notes);
  mkdirSync(directory, { recursive: true });
  writeComparison(directory, compared);
  writeStepSummary(context, compared.markdown);
  if (flags.json) context.stdout.write(`${JSON.stringify(compared.comparison, null, 2)}\n`);
  else if (flags.markdown) context.stdout.write(compared.markdown);
  else {
    for (const line of comparisonLines(compared.comparison)) context.stdout.write(`${line}\n`);
    context.stdout.write(
      `\nReport: ${path.join(directory, 'comparison.md')}\nPage:   ${path.join(directory, 'comparison.html')}\n`,
    );
  }
  return compared;
}

function exitCodeOf({ comparison: { verdict, sides } }: ComparedFolders): ExitCode {
  if (verdict === 'worse') return ExitCode.regression;
  const hasNone = [sides.a, sides.b].some(({ runs }) => runs.every(({ excluded }) => excluded !== null));
  return hasNone ? ExitCode.invalidRun : ExitCode.ok;
}

/** The folder of an earlier comparison, where the sides are its own. */
function homeOf(a: SideFolders, b: SideFolders): string | null {
  const parents = [a, b].map(({ directories }) => new Set(directories.map((one) => path.dirname(one))));
  const [ofA, ofB] = parents.map((set) => (set.size === 1 ? [...set][0] : undefined));
  if (ofA === undefined || ofB === undefined) return null;
  const isPair = path.basename(ofA) === 'a' && path.basename(ofB) === 'b';
  return isPair && path.dirname(ofA) === path.dirname(ofB) ? path.dirname(ofA) : null;
}

function newName(): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `compare-${stamp}`;
}
