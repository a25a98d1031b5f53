/** Which goals were missed. Pure. */
import { runsOf } from './accuracy-runs.ts';
import { type Rate, rates } from './accuracy-table.ts';
import { type Plant, variantScales } from './plant.ts';
import type { Outcome } from './score.ts';

const FIRST_GOAL = 0.95;
const FUNCTION_GOAL = 0.9;

/**
 * What was to be measured: a goal of which nothing was run is missed too. What a run has without being asked for it, further
 * passes or variants, is held against its goal all the same, and must then be there for every plant.
 */
export interface Asked {
  readonly plants: readonly Plant[];
  /** Several passes in each run. */
  readonly repeats: boolean;
  /** Variants in one run at least. */
  readonly variants: boolean;
}

/** Each goal that a run missed, in words; empty where all are reached. A plant that cannot be run here asks for nothing. */
export function missedGoals(
  plants: readonly Plant[],
  outcomes: readonly Outcome[],
  asked: Asked,
): readonly string[] {
  const runs = runsOf(outcomes);
  if (runs.length === 0) return ['nothing was run'];
  const missed = runs.flatMap(({ name, outcomes: own }) =>
    missedByRun(plants, own, asked).map((text) => `${name}: ${text}`),
  );
  const hasVariants = asked.plants.some((plant) => variantScales(plant).length > 0);
  if (asked.variants && hasVariants && rates(plants, outcomes).variants.of === 0)
    missed.push('variants fit: none run');
  return missed;
}

function missedByRun(plants: readonly Plant[], outcomes: readonly Outcome[], asked: Asked): string[] {
  const reached = rates(plants, outcomes);
  const ofPlant = ({ id }: Plant) => outcomes.filter(({ plant }) => plant === id);
  const isSkipped = (plant: Plant) => {
    const own = ofPlant(plant);
    return own.length > 0 && own.every(({ kind }) => kind === 'skipped');
  };
  const wanted = asked.plants.filter((plant) => !isSkipped(plant));
  const count = (plant: Plant, scale: number) =>
    ofPlant(plant).filter((outcome) => outcome.scale === scale).length;
  const planted = wanted.filter(({ expected }) => expected !== null);
  const named = planted.filter(({ expected }) => (expected?.functions.length ?? 0) > 0);
  const missed: string[] = [];
  const name = (label: string, absent: readonly string[]) => {
    if (absent.length > 0) missed.push(`${label}: ${absent.join(', ')}`);
  };
  const hold = (label: string, { right, of }: Rate, goal: number, isAsked: boolean) => {
    if (of === 0 && isAsked) missed.push(`${label}: none run`);
    if (right < goal * of) missed.push(`${label}: ${right} of ${of}`);
  };
  name(
    'not run',
    wanted.filter((plant) => count(plant, 1) === 0).map(({ id }) => id),
  );
  hold('first finding right', reached.first, FIRST_GOAL, planted.length > 0);
  hold('function named right', reached.function, FUNCTION_GOAL, named.length > 0);
  const { right: alarms, of } = reached.falseAlarms;
  if (of === 0 && wanted.length > planted.length) missed.push('false alarms: no healthy tracker was judged');
  if (alarms > 0) missed.push(`false alarms: ${alarms} of ${of}`);
  const isRepeated = asked.repeats || wanted.some((plant) => count(plant, 1) > 1);
  hold('same answer in each pass', reached.repeated, 1, isRepeated);
  if (isRepeated)
    name(
      'run once only',
      wanted.filter((plant) => count(plant, 1) === 1).map(({ id }) => id),
    );
  hold('variants fit', reached.variants, 1, false);
  if (reached.variants.of > 0) {
    const variants = planted.flatMap((plant) => variantScales(plant).map((scale) => ({ plant, scale })));
    const absent = variants.filter(({ plant, scale }) => count(plant, scale) === 0);
    name(
      'variants not run',
      absent.map(({ plant, scale }) => `${plant.id} x${scale}`),
    );
  }
  return missed;
}
