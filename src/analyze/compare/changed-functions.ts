/** The functions whose cost per request changed most between two sides. Pure. */
import { median } from '../series.ts';
import type { ComparedRun } from './compared-run.ts';
import { type ChangedFunction, type FunctionChanges, LEAST_RUNS_APART } from './comparison-schema.ts';
import type { CostByFunction, FunctionCosts } from './function-costs.ts';

/** Rows of a table. */
const SHOWN = 10;
/** A change below this share of the whole cost per request is not shown: sampling alone makes as much. */
const LEAST_SHARE = 0.002;

/**
 * Null where a side has no run with such a profile. Values are of all runs of a side; a function that a run did not sample
 * cost 0 in it.
 */
export function changedFunctions(
  a: readonly ComparedRun[],
  b: readonly ComparedRun[],
  kind: keyof FunctionCosts,
): FunctionChanges | null {
  const [before, after] = [a, b].map((runs) =>
    runs.map((run) => run.costs[kind]).filter((costs) => costs !== null),
  );
  if (before === undefined || after === undefined || before.length === 0 || after.length === 0) return null;
  return {
    unit: kind === 'cpu' ? 'nanoseconds' : 'bytes',
    runs: { a: before.length, b: after.length },
    charged: changes(
      before.map((costs) => costs.charged),
      after.map((costs) => costs.charged),
    ),
    self: changes(
      before.map((costs) => costs.self),
      after.map((costs) => costs.self),
    ),
  };
}

function changes(before: readonly CostByFunction[], after: readonly CostByFunction[]): ChangedFunction[] {
  const known = new Map([...before, ...after].flatMap((costs) => [...costs]));
  const isEnough = Math.min(before.length, after.length) >= LEAST_RUNS_APART;
  const total = Math.max(totalOf(before), totalOf(after));
  const rows = [...known].map(([key, { functionName, file }]): ChangedFunction => {
    const spreads = [before, after].map((runs) => spreadOf(runs.map((run) => run.get(key)?.perRequest ?? 0)));
    const [a, b] = spreads as [ChangedFunction['a'], ChangedFunction['b']];
    return {
      functionName,
      file,
      a,
      b,
      change: b.median - a.median,
      changeShare: a.median > 0 ? b.median / a.median - 1 : null,
      apart: isEnough && (a.max < b.min || b.max < a.min),
    };
  });
  return rows
    .filter((row) => Math.abs(row.change) > total * LEAST_SHARE)
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change) || (a.functionName < b.functionName ? -1 : 1))
    .slice(0, SHOWN);
}

function totalOf(runs: readonly CostByFunction[]): number {
  const totals = runs.map((run) => [...run.values()].reduce((sum, { perRequest }) => sum + perRequest, 0));
  return median(totals) ?? 0;
}

function spreadOf(values: readonly number[]): ChangedFunction['a'] {
  return { median: median(values) ?? 0, min: Math.min(...values), max: Math.max(...values) };
}
