/** The outcomes of many runs as tables and rates. Pure. */
import { markdownTable } from 'markdown-table';
import type { Plant } from './plant.ts';
import { type Outcome, variantFits } from './score.ts';

interface Rate {
  readonly right: number;
  readonly of: number;
}

export interface Rates {
  readonly first: Rate;
  /** As `first`, without the other answers that a plant takes for right. */
  readonly strict: Rate;
  readonly function: Rate;
  /** Runs of healthy trackers in which something was found that asks to act. */
  readonly falseAlarms: Rate;
  /** Plants of more than one run, and those of them whose runs gave one answer. */
  readonly repeated: Rate;
  /** Variants whose answer fits. */
  readonly variants: Rate;
  readonly invalid: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What was reached, over all runs; variants only in their own rate. */
export function rates(plants: readonly Plant[], outcomes: readonly Outcome[]): Rates {
  const written = outcomes.filter(({ scale }) => scale === 1);
  const isHealthy = (id: string) => plantOf(plants, id).expected === null;
  // A run that says nothing is not right; only one that cannot be made here is left out.
  const asked = written.filter(({ kind }) => kind !== 'skipped');
  const planted = asked.filter(({ plant }) => !isHealthy(plant));
  const healthy = asked.filter(({ plant, kind }) => isHealthy(plant) && kind === 'judged');
  const named = planted.filter(({ plant }) => (plantOf(plants, plant).expected?.functions.length ?? 0) > 0);
  const groups = plants.map(({ id }) => asked.filter(({ plant }) => plant === id));
  const repeated = groups.filter((group) => group.length > 1);
  const variants = plants.flatMap((plant) => variantsOf(plant, outcomes));
  const count = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length;
  return {
    first: rate(planted, ({ firstRight }) => firstRight),
    strict: rate(
      planted,
      ({ plant, firstRight, rule }) => firstRight && rule === plantOf(plants, plant).expected?.rule,
    ),
    function: rate(named, ({ functionRight }) => functionRight === true),
    falseAlarms: rate(healthy, ({ firstRight }) => !firstRight),
    repeated: rate(repeated, (group) => new Set(group.map(answerOf)).size === 1),
    variants: rate(variants, ({ fits }) => fits),
    invalid: count('invalid'),
    failed: count('failed'),
    skipped: count('skipped'),
  };
}

function rate<Item>(items: readonly Item[], isRight: (item: Item) => boolean): Rate {
  return { right: items.filter(isRight).length, of: items.length };
}

function plantOf(plants: readonly Plant[], id: string): Plant {
  const plant = plants.find((one) => one.id === id);
  if (plant === undefined) throw new Error(`no plant ${id}`);
  return plant;
}

function answerOf({ kind, rule, function: named }: Outcome): string {
  return `${kind} ${rule} ${named}`;
}

function variantsOf(plant: Plant, outcomes: readonly Outcome[]) {
  const own = outcomes.filter(({ plant: id }) => id === plant.id);
  const written = own.find(({ scale, kind }) => scale === 1 && kind === 'judged');
  return own
    .filter(({ scale, kind }) => scale !== 1 && kind !== 'skipped')
    .map((outcome) => ({
      outcome,
      fits: outcome.kind === 'judged' && written !== undefined && variantFits(plant, written, outcome),
    }));
}

/** Each plant with what was said of it. */
export function plantTable(plants: readonly Plant[], outcomes: readonly Outcome[]): string {
  const rows = plants.flatMap((plant) => {
    const own = outcomes.filter((outcome) => outcome.plant === plant.id && outcome.scale === 1);
    const last = own.at(-1);
    if (last === undefined) return [];
    const rights = own.filter(({ firstRight }) => firstRight).length;
    const asked = plant.expected?.functions.length ?? 0;
    const named = own.filter(({ functionRight }) => functionRight === true).length;
    return [
      [
        plant.id,
        plant.runtime,
        plant.expected?.rule ?? 'nothing',
        last.kind === 'judged' ? (last.rule ?? 'nothing') : `${last.kind}: ${last.reason ?? ''}`,
        last.function ?? '-',
        last.share === null ? (last.severity ?? '-') : `${last.severity}, ${(last.share * 100).toFixed(0)} %`,
        `${rights}/${own.length}`,
        asked === 0 ? '-' : `${named}/${own.length}`,
      ],
    ];
  });
  const head = [
    'plant',
    'runtime',
    'planted',
    'first finding',
    'names',
    'severity, share',
    'rule',
    'function',
  ];
  return markdownTable([head, ...rows]);
}

/** What was planted (rows) against what was found first (columns), in runs. */
export function confusionTable(plants: readonly Plant[], outcomes: readonly Outcome[]): string {
  const runs = outcomes
    .filter(({ scale, kind }) => scale === 1 && kind !== 'skipped')
    .map((outcome) => ({
      planted: plantOf(plants, outcome.plant).expected?.rule ?? 'healthy',
      found: outcome.kind === 'judged' ? (outcome.rule ?? 'nothing') : outcome.kind,
    }));
  const rows = [...new Set(runs.map(({ planted }) => planted))].sort();
  const columns = [...new Set(runs.map(({ found }) => found))].sort();
  const cell = (row: string, column: string): string => {
    const count = runs.filter(({ planted, found }) => planted === row && found === column).length;
    return count === 0 ? '' : String(count);
  };
  const body = rows.map((row) => [row, ...columns.map((column) => cell(row, column))]);
  return markdownTable([['planted \\ found first', ...columns], ...body]);
}

/** Each variant beside the plant as written; empty where none was run. */
export function variantTable(plants: readonly Plant[], outcomes: readonly Outcome[]): string {
  const rows = plants.flatMap((plant) =>
    variantsOf(plant, outcomes).map(({ outcome, fits }) => [
      plant.id,
      `${outcome.scale}`,
      outcome.kind === 'judged' ? outcome.found.slice(0, 3).join('; ') || 'nothing' : outcome.kind,
      outcome.severity ?? '-',
      fits ? 'yes' : 'no',
    ]),
  );
  return rows.length === 0 ? '' : markdownTable([['plant', 'cost', 'found', 'severity', 'fits'], ...rows]);
}

/** The rates against their goals, a line each. */
export function rateTable(reached: Rates): string {
  const share = ({ right, of }: Rate): string =>
    of === 0 ? 'none run' : `${right} of ${of} (${((right / of) * 100).toFixed(1)} %)`;
  return markdownTable([
    ['', 'reached', 'goal'],
    ['first finding right', share(reached.first), '95 %'],
    ['the same, by the planted rule alone', share(reached.strict), '-'],
    ['function named right', share(reached.function), '90 %'],
    ['false alarms on healthy trackers', share(reached.falseAlarms), 'none'],
    ['same answer in each run', share(reached.repeated), 'all'],
    ['variants of double and half the cost fit', share(reached.variants), 'all'],
    [
      'runs that were invalid twice, failed, skipped',
      [reached.invalid, reached.failed, reached.skipped].join(', '),
      '-',
    ],
  ]);
}
