/** The outcomes of many runs as tables and rates. Pure. */
import { markdownTable } from 'markdown-table';
import { type Plant, variantScales } from './plant.ts';
import { judgeVariant, type Outcome } from './score.ts';
import { expectationText, writtenAnswer } from './variant-expectation.ts';

export interface Rate {
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
  /** Of these, the ones that some answer would not have fitted. */
  readonly variantsThatCanFail: number;
  /** Runs that were made once more since others disturbed the first; null: not recorded of all. */
  readonly madeAgain: number | null;
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
    variantsThatCanFail: variants.filter(({ expectation }) => expectation?.canFail ?? true).length,
    madeAgain: outcomes.some(({ disturbedBefore }) => disturbedBefore === undefined)
      ? null
      : outcomes.filter(({ disturbedBefore }) => disturbedBefore !== null).length,
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

/** Each variant of a plant, held against the plant's own runs of the same name (of all, where that one has none). */
function variantsOf(plant: Plant, outcomes: readonly Outcome[]) {
  const own = outcomes.filter(({ plant: id }) => id === plant.id);
  return own
    .filter(({ scale, kind }) => scale !== 1 && kind !== 'skipped')
    .map((outcome) => {
      const sameRun = own.filter(({ made }) => made.run === outcome.made.run);
      const written = writtenAnswer(sameRun) === null ? own : sameRun;
      return { outcome, ...judgeVariant(plant, written, outcome) };
    });
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

/** Each variant with what was asked of it; empty where none was run. */
export function variantTable(plants: readonly Plant[], outcomes: readonly Outcome[]): string {
  const rows = plants.flatMap((plant) =>
    variantsOf(plant, outcomes).map(({ outcome, expectation, fits }) => [
      plant.id,
      `${outcome.scale}`,
      expectation === null ? 'the plant as written was not told' : expectationText(expectation),
      expectation?.canFail === false ? 'no' : 'yes',
      outcome.kind === 'judged' ? (outcome.answer?.severity ?? 'nothing') : outcome.kind,
      outcome.kind === 'judged' ? outcome.found.slice(0, 3).join('; ') || 'nothing' : '-',
      fits ? 'yes' : 'no',
    ]),
  );
  const head = ['plant', 'cost', 'must be told as', 'can fail', 'told as', 'found', 'fits'];
  return rows.length === 0 ? '' : markdownTable([head, ...rows]);
}

/** What was not right: of each outcome what it said, and why as far as that is known; empty where all was. */
export function wrongTable(plants: readonly Plant[], outcomes: readonly Outcome[]): string {
  const misfits = new Set(
    plants.flatMap((plant) =>
      variantsOf(plant, outcomes).flatMap(({ outcome, fits }) => (fits ? [] : [outcome])),
    ),
  );
  const isWrong = (outcome: Outcome): boolean =>
    outcome.kind !== 'skipped' &&
    (outcome.scale === 1 ? !outcome.firstRight || outcome.functionRight === false : misfits.has(outcome));
  const rows = outcomes.filter(isWrong).map((outcome) => {
    const { plant, scale, kind, made, reason, summary, found } = outcome;
    const { expected, whyWrong } = plantOf(plants, plant);
    return [
      made.run,
      scale === 1 ? plant : `${plant}, cost ${scale}`,
      expected === null ? 'nothing' : [expected.rule, expected.functions.join(' or ')].join(' ').trim(),
      kind === 'judged' ? found.join('; ') || 'nothing' : kind,
      kind === 'judged' ? (whyWrong ?? summary ?? 'not known') : (reason ?? 'not known'),
    ].map((cell) => cell.replaceAll(/[|\n]/g, ' '));
  });
  const head = ['run', 'plant', 'planted', 'said', 'why, or its own words'];
  return rows.length === 0 ? '' : markdownTable([head, ...rows]);
}

/** Plants without both variants, with the reason; empty where there are none. */
export function withoutVariantsTable(plants: readonly Plant[]): string {
  const rows = plants.flatMap((plant) => {
    if (plant.variants === undefined) return [];
    return [[plant.id, variantScales(plant).join(', ') || 'none', plant.variants.reason]];
  });
  return rows.length === 0 ? '' : markdownTable([['plant', 'variants', 'why not both'], ...rows]);
}

/** A name and what was reached under it. */
export interface NamedRates {
  readonly name: string;
  readonly reached: Rates;
}

/** The rates against their goals, a column each. */
export function rateTable(columns: readonly NamedRates[]): string {
  const share = ({ right, of }: Rate): string =>
    of === 0 ? 'none run' : `${right} of ${of} (${((right / of) * 100).toFixed(1)} %)`;
  const row = (name: string, cell: (reached: Rates) => string, goal: string): string[] => [
    name,
    ...columns.map(({ reached }) => cell(reached)),
    goal,
  ];
  return markdownTable([
    ['', ...columns.map(({ name }) => name), 'goal'],
    row('first finding right', ({ first }) => share(first), '95 %'),
    row('the same, by the planted rule alone', ({ strict }) => share(strict), '-'),
    row('function named right', (reached) => share(reached.function), '90 %'),
    row('false alarms on healthy trackers', ({ falseAlarms }) => share(falseAlarms), 'none'),
    row('same answer in each pass', ({ repeated }) => share(repeated), 'all'),
    row('variants of double and half the cost fit', ({ variants }) => share(variants), 'all'),
    row('variants that could have failed', (reached) => String(reached.variantsThatCanFail), '-'),
    row(
      'runs made again after a disturbance',
      ({ madeAgain }) => (madeAgain === null ? 'not recorded' : String(madeAgain)),
      '-',
    ),
    row(
      'runs that were invalid twice, failed, skipped',
      ({ invalid, failed, skipped }) => [invalid, failed, skipped].join(', '),
      '-',
    ),
  ]);
}
