/**
 * Is the lab right? Runs it on every planted tracker (test/planted) and holds what it says against what is known of them.
 *
 * Run by `npm run accuracy`. Arguments: `--only ID,…`, `--repeat N`, `--variants` (half and double the cost too),
 * `--json FILE` (keeps all outcomes; what stands there already is kept), `--no-run` (tables of that file only),
 * `--rejudge` (the runs of that file judged again by the rules as they are now, in seconds; none is made),
 * `--write FILE` (tables as a page), `--out DIR` (where the runs go; default: profiles/accuracy).
 *
 * Ends with code 1 where a goal is missed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { accuracyPage } from '../test/planted/accuracy-page.ts';
import {
  confusionTable,
  plantTable,
  rates,
  rateTable,
  variantTable,
} from '../test/planted/accuracy-table.ts';
import { type BuiltPlants, buildPlants } from '../test/planted/build-plants.ts';
import { diagnose, diagnoseAgain } from '../test/planted/diagnose.ts';
import { plants } from '../test/planted/manifest.ts';
import type { Plant } from '../test/planted/plant.ts';
import { type Outcome, score } from '../test/planted/score.ts';

const FIRST_GOAL = 0.95;
const FUNCTION_GOAL = 0.9;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    repeat: { type: 'string', default: '1' },
    variants: { type: 'boolean', default: false },
    json: { type: 'string' },
    'no-run': { type: 'boolean', default: false },
    rejudge: { type: 'boolean', default: false },
    write: { type: 'string' },
    out: { type: 'string', default: 'profiles/accuracy' },
  },
});
/** From dist/bench-build/bench. */
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

async function main(): Promise<void> {
  const outcomes = values.json !== undefined && existsSync(values.json) ? readOutcomes(values.json) : [];
  if (values.rejudge) await rejudgeAll(outcomes);
  else if (!values['no-run']) await runAll(outcomes);
  const reached = rates(plants, outcomes);
  const tables = [
    plantTable(plants, outcomes),
    confusionTable(plants, outcomes),
    variantTable(plants, outcomes),
    rateTable(reached),
  ];
  console.log(tables.filter((table) => table !== '').join('\n\n'));
  if (values.write !== undefined) {
    const machine = `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores, Linux ${os.release()}, Node.js ${process.version}`;
    writeFileSync(values.write, accuracyPage({ plants, outcomes, machine }));
  }
  const { first, function: named, falseAlarms } = reached;
  const isMissed =
    first.right < FIRST_GOAL * first.of || named.right < FUNCTION_GOAL * named.of || falseAlarms.right > 0;
  process.exitCode = isMissed ? 1 : 0;
}

async function runAll(outcomes: Outcome[]): Promise<void> {
  const ids = values.only?.split(',');
  const unknown = ids?.filter((id) => !plants.some((plant) => plant.id === id)) ?? [];
  if (unknown.length > 0) throw new Error(`no plant ${unknown.join(', ')}; there are ${allIds()}`);
  const built = buildPlants(path.join(root, 'test/planted'));
  try {
    const jobs = jobsOf(ids);
    for (const [index, { plant, scale }] of jobs.entries()) {
      const outcome = await outcomeOf(plant, scale, built);
      outcomes.push(outcome);
      console.error(`${`${index + 1}/${jobs.length}`.padEnd(8)}${describe(outcome)}`);
      if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcomes, null, 1)}\n`);
    }
  } finally {
    built.remove();
  }
}

/** Puts in place of each outcome what the lab says of its run now. */
async function rejudgeAll(outcomes: Outcome[]): Promise<void> {
  for (const [index, before] of outcomes.entries()) {
    const plant = plants.find(({ id }) => id === before.plant);
    if (plant === undefined || before.runFolder === null) continue;
    const diagnosis = await diagnoseAgain(root, before.runFolder);
    const after = { ...before, reason: diagnosis.invalidBecause, ...score(plant, diagnosis) };
    outcomes[index] = after;
    if (describe(after) !== describe(before)) console.error(`${describe(before)}\n  now ${describe(after)}`);
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcomes, null, 1)}\n`);
}

/** All runs in order: each plant in each of its costs, and all that as often as asked for. */
function jobsOf(ids: readonly string[] | undefined): { readonly plant: Plant; readonly scale: number }[] {
  const once = plants
    .filter(({ id }) => ids?.includes(id) ?? true)
    .flatMap((plant) => {
      const scales = values.variants && plant.expected !== null ? [1, 2, 0.5] : [1];
      return scales.map((scale) => ({ plant, scale }));
    });
  return Array.from({ length: Number(values.repeat) }, () => once).flat();
}

function allIds(): string {
  return plants.map(({ id }) => id).join(', ');
}

function readOutcomes(file: string): Outcome[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Outcome[];
}

/** A run that others disturbed is made once more. */
async function outcomeOf(plant: Plant, scale: number, built: BuiltPlants): Promise<Outcome> {
  const { runtime } = plant;
  const missing = runtime === 'go' || runtime === 'c' ? built.missing.get(runtime) : undefined;
  if (missing !== undefined) return unjudged(plant, scale, 'skipped', missing);
  const once = await runOnce(plant, scale, built);
  return once.kind === 'invalid' ? runOnce(plant, scale, built) : once;
}

async function runOnce(plant: Plant, scale: number, { folder }: BuiltPlants): Promise<Outcome> {
  const out = path.resolve(root, values.out, plant.id);
  try {
    const diagnosis = await diagnose(plant, { root, binaries: folder, scale, out });
    const { runFolder, invalidBecause: reason } = diagnosis;
    return { plant: plant.id, scale, reason, runFolder, ...score(plant, diagnosis) };
  } catch (error) {
    return unjudged(plant, scale, 'failed', error instanceof Error ? error.message : String(error));
  }
}

function unjudged(plant: Plant, scale: number, kind: 'failed' | 'skipped', reason: string): Outcome {
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
    runFolder: null,
  };
}

function describe(outcome: Outcome): string {
  const { plant, scale, kind, reason, found, firstRight, functionRight, runFolder } = outcome;
  const verdict =
    kind !== 'judged' ? kind : firstRight ? (functionRight === false ? 'function' : 'right') : 'WRONG';
  const named = scale === 1 ? plant : `${plant} x${scale}`;
  return `${named.padEnd(24)} ${verdict.padEnd(9)} ${found.join('; ') || 'nothing'}${reason === null ? '' : ` (${reason})`}  ${runFolder ?? ''}`;
}

await main();
