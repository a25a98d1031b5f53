/** The outcomes by the runs that they were made in. Pure. */
import { type NamedRates, rates } from './accuracy-table.ts';
import type { Plant } from './plant.ts';
import type { Outcome } from './score.ts';

/** One or more passes over the plants, made under one name. */
export interface AccuracyRun {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  /** UTC, as in ISO 8601; of the first and the last outcome. */
  readonly from: string;
  readonly to: string;
  /** Of the trees that were measured, and of those that judged them; empty where none was recorded. */
  readonly commits: readonly string[];
  readonly judges: readonly string[];
  /** How often the plant that was run most often was run as written. */
  readonly passes: number;
}

/** In the order in which they began. */
export function runsOf(outcomes: readonly Outcome[]): readonly AccuracyRun[] {
  return unique(outcomes.map(({ made }) => made.run))
    .map((name) =>
      toRun(
        name,
        outcomes.filter(({ made }) => made.run === name),
      ),
    )
    .sort((a, b) => a.from.localeCompare(b.from));
}

function toRun(name: string, outcomes: readonly Outcome[]): AccuracyRun {
  const times = outcomes.map(({ made }) => made.at).sort();
  const written = outcomes.filter(({ scale }) => scale === 1).map(({ plant }) => plant);
  return {
    name,
    outcomes,
    from: times[0] ?? '',
    to: times.at(-1) ?? '',
    commits: unique(outcomes.map(({ made }) => made.commit)),
    judges: unique(outcomes.map(({ made }) => made.judgedBy)),
    passes: Math.max(0, ...unique(written).map((id) => written.filter((plant) => plant === id).length)),
  };
}

function unique(texts: readonly (string | null)[]): string[] {
  return [...new Set(texts.filter((text) => text !== null))];
}

/** What each run reached, and all of them together where there are several. */
export function ratesByRun(plants: readonly Plant[], outcomes: readonly Outcome[]): readonly NamedRates[] {
  const runs = runsOf(outcomes).map((run) => ({ name: run.name, reached: rates(plants, run.outcomes) }));
  return runs.length < 2 ? runs : [...runs, { name: 'all', reached: rates(plants, outcomes) }];
}
