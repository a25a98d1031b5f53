/**
 * Is the lab right? Runs it on every planted tracker (test/planted) and holds what it says against what is known of them.
 *
 * Run by `npm run accuracy`. Arguments: `--only ID,…`, `--repeat N` (passes), `--variants` (half and double the cost too, in
 * the first pass), `--run NAME` (stored with each outcome; goals are held by each run; default: the JSON file's name),
 * `--json FILE` (keeps all outcomes; what stands there already is kept; several with `--no-run` and `--rejudge`), `--no-run`
 * (tables of those files only), `--rejudge` (their runs judged again by the rules as they are now, in seconds; none is made),
 * `--write FILE` (tables as a page), `--out DIR` (where the runs go; default: profiles/accuracy).
 *
 * Ends with code 1 where a goal is missed, or where nothing was run of what was asked for.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Asked, missedGoals } from '../test/planted/accuracy-goals.ts';
import { accuracyPage } from '../test/planted/accuracy-page.ts';
import { ratesByRun } from '../test/planted/accuracy-runs.ts';
import {
  confusionTable,
  plantTable,
  rateTable,
  variantTable,
  wrongTable,
} from '../test/planted/accuracy-table.ts';
import { type BuiltPlants, buildPlants } from '../test/planted/build-plants.ts';
import { diagnose, diagnoseAgain } from '../test/planted/diagnose.ts';
import { plants } from '../test/planted/manifest.ts';
import { readOutcomes, writeOutcomes } from '../test/planted/outcome-file.ts';
import { type Plant, variantScales } from '../test/planted/plant.ts';
import { type Outcome, type RunLabel, score } from '../test/planted/score.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    repeat: { type: 'string', default: '1' },
    variants: { type: 'boolean', default: false },
    run: { type: 'string' },
    json: { type: 'string', multiple: true, default: [] },
    'no-run': { type: 'boolean', default: false },
    rejudge: { type: 'boolean', default: false },
    write: { type: 'string' },
    out: { type: 'string', default: 'profiles/accuracy' },
  },
});
/** From dist/bench-build/bench. */
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const passes = Number(values.repeat);
const ids = values.only?.split(',');
const makesRuns = !values['no-run'] && !values.rejudge;

async function main(): Promise<void> {
  checkArguments();
  const files = values.json.map((file) => ({ file, outcomes: readOutcomes(file) }));
  if (values.rejudge) for (const { file, outcomes } of files) await rejudgeAll(file, outcomes);
  if (makesRuns) {
    const [first = { file: null, outcomes: [] }] = files;
    await runAll(first.file, first.outcomes);
    if (files.length === 0) files.push({ file: '', outcomes: first.outcomes });
  }
  const outcomes = files.flatMap((one) => one.outcomes);
  const tables = [
    plantTable(plants, outcomes),
    confusionTable(plants, outcomes),
    variantTable(plants, outcomes),
    wrongTable(plants, outcomes),
    rateTable(ratesByRun(plants, outcomes)),
  ];
  console.log(tables.filter((table) => table !== '').join('\n\n'));
  if (values.write !== undefined) {
    const machine = `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores, Linux ${os.release()}, Node.js ${process.version}`;
    writeFileSync(values.write, accuracyPage({ plants, outcomes, machine }));
  }
  const missed = missedGoals(plants, outcomes, askedFor(outcomes));
  for (const text of missed) console.error(`missed: ${text}`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

function checkArguments(): void {
  const unknown = ids?.filter((id) => !plants.some((plant) => plant.id === id)) ?? [];
  if (unknown.length > 0) throw new Error(`no plant ${unknown.join(', ')}; there are ${allIds()}`);
  if (!Number.isInteger(passes) || passes < 1)
    throw new Error(`--repeat ${values.repeat} is no number of passes`);
  if (makesRuns && values.json.length > 1) throw new Error('several --json go with --no-run or --rejudge');
  if (!makesRuns && values.json.length === 0) throw new Error('--no-run and --rejudge need a --json');
}

/** What the goals are held for: where no run is made, all of a page and else what stands in the files. */
function askedFor(outcomes: readonly Outcome[]): Asked {
  const isAsked = ({ id }: Plant): boolean =>
    ids !== undefined
      ? ids.includes(id)
      : makesRuns || values.write !== undefined || outcomes.some(({ plant }) => plant === id);
  return {
    plants: plants.filter(isAsked),
    repeats: passes > 1 || values.write !== undefined,
    variants: values.variants || values.write !== undefined,
  };
}

/** @param file - where all outcomes are kept; null: nowhere */
async function runAll(file: string | null, outcomes: Outcome[]): Promise<void> {
  const run = values.run ?? (file === null ? 'run' : path.parse(file).name);
  const commit = commitOfTree();
  const built = buildPlants(path.join(root, 'test/planted'));
  try {
    const jobs = jobsOf();
    for (const [index, { plant, scale }] of jobs.entries()) {
      const made = { run, at: new Date().toISOString(), commit, judgedBy: commit };
      const outcome = await outcomeOf({ plant, scale, made, built });
      outcomes.push(outcome);
      console.error(`${`${index + 1}/${jobs.length}`.padEnd(8)}${describe(outcome)}`);
      if (file !== null) writeOutcomes(file, outcomes);
    }
  } finally {
    built.remove();
  }
}

/** Puts in place of each outcome what the lab says of its run now. */
async function rejudgeAll(file: string, outcomes: Outcome[]): Promise<void> {
  const judgedBy = commitOfTree();
  for (const [index, before] of outcomes.entries()) {
    const plant = plants.find(({ id }) => id === before.plant);
    if (plant === undefined || before.runFolder === null) continue;
    const diagnosis = await diagnoseAgain(root, before.runFolder);
    const made = { ...before.made, judgedBy };
    const after = { ...before, made, reason: diagnosis.invalidBecause, ...score(plant, diagnosis) };
    outcomes[index] = after;
    if (describe(after) !== describe(before)) console.error(`${describe(before)}\n  now ${describe(after)}`);
  }
  writeOutcomes(file, outcomes);
}

/** The commit that is checked out, with what differs from it; null outside of a repository. */
function commitOfTree(): string | null {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bench', 'test/planted', 'package-lock.json');
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
  } catch {
    return null;
  }
}

interface Job {
  readonly plant: Plant;
  readonly scale: number;
}

/** All runs in order: each plant, in the first pass in each of its costs. */
function jobsOf(): readonly Job[] {
  const chosen = plants.filter(({ id }) => ids?.includes(id) ?? true);
  return Array.from({ length: passes }, (_, pass) =>
    chosen.flatMap((plant) => {
      const scales = values.variants && pass === 0 ? [1, ...variantScales(plant)] : [1];
      return scales.map((scale) => ({ plant, scale }));
    }),
  ).flat();
}

function allIds(): string {
  return plants.map(({ id }) => id).join(', ');
}

interface RunOptions extends Job {
  readonly made: RunLabel;
  readonly built: BuiltPlants;
}

/** A run that others disturbed is made once more. */
async function outcomeOf(options: RunOptions): Promise<Outcome> {
  const { runtime } = options.plant;
  const missing = runtime === 'go' || runtime === 'c' ? options.built.missing.get(runtime) : undefined;
  if (missing !== undefined) return unjudged(options, 'skipped', missing);
  const once = await runOnce(options);
  if (once.kind !== 'invalid') return once;
  return { ...(await runOnce(options)), disturbedBefore: once.reason };
}

async function runOnce(options: RunOptions): Promise<Outcome> {
  const { plant, scale, built, made } = options;
  const out = path.resolve(root, values.out, plant.id);
  try {
    const diagnosis = await diagnose(plant, { root, binaries: built.folder, scale, out });
    const { runFolder, invalidBecause: reason } = diagnosis;
    const labels = { plant: plant.id, scale, reason, runFolder, made, disturbedBefore: null };
    return { ...labels, ...score(plant, diagnosis) };
  } catch (error) {
    return unjudged(options, 'failed', error instanceof Error ? error.message : String(error));
  }
}

function unjudged({ plant, scale, made }: RunOptions, kind: 'failed' | 'skipped', reason: string): Outcome {
  return {
    plant: plant.id,
    scale,
    kind,
    reason,
    rule: null,
    function: null,
    severity: null,
    share: null,
    found: [],
    firstRight: false,
    functionRight: null,
    answer: null,
    summary: null,
    runFolder: null,
    made,
    disturbedBefore: null,
  };
}

function describe(outcome: Outcome): string {
  const { plant, scale, kind, reason, found, firstRight, functionRight, runFolder } = outcome;
  const verdict =
    kind !== 'judged'
      ? kind
      : scale !== 1
        ? 'variant'
        : firstRight
          ? functionRight === false
            ? 'function'
            : 'right'
          : 'WRONG';
  const named = scale === 1 ? plant : `${plant} x${scale}`;
  return `${named.padEnd(24)} ${verdict.padEnd(9)} ${found.join('; ') || 'nothing'}${reason === null ? '' : ` (${reason})`}  ${runFolder ?? ''}`;
}

await main();
