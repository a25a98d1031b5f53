/** Puts the runs of two sides against each other. Pure and deterministic. */
import { formatShare } from '../report/format.ts';
import { median } from '../series.ts';
import { worryLimits } from '../thresholds.ts';
import { changedFunctions } from './changed-functions.ts';
import type { ComparedRun } from './compared-run.ts';
import { metricIds } from './comparison-metrics.ts';
import {
  COMPARISON_SCHEMA_VERSION,
  type ComparedSide,
  type Comparison,
  type MetricComparison,
} from './comparison-schema.ts';
import { inOrder, interleavedPairs } from './interleaving.ts';
import { judgeMetrics } from './judge-metrics.ts';
import { sideDifferences } from './side-differences.ts';

export interface SideRuns {
  /** What the reader calls it. */
  readonly label: string;
  /** One or more. */
  readonly runs: readonly ComparedRun[];
}

/** @param a - the side before; changes are of `b` against it */
export function compareSides(a: SideRuns, b: SideRuns): Comparison {
  const used = { a: usedRuns(a), b: usedRuns(b) };
  const pairs = interleavedPairs(used.a, used.b);
  const differences = sideDifferences(a.runs, b.runs);
  const barring = differences.filter(({ bars }) => bars);
  const metrics = judgeMetrics(
    metricIds.map((metric) => ({
      metric,
      a: used.a.map(({ figures }) => figures[metric]).filter((value) => value !== null),
      b: used.b.map(({ figures }) => figures[metric]).filter((value) => value !== null),
    })),
    {
      pairs,
      barred:
        barring.length === 0
          ? null
          : `the runs were not measured under the same circumstances: ${barring.map(({ name }) => name).join(', ')}`,
    },
  );
  return {
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    ...overall(metrics),
    scenario: [...new Set([...a.runs, ...b.runs].map(({ scenario }) => scenario.name))].join(', '),
    sides: { a: describeSide(a), b: describeSide(b) },
    interleavedPairs: pairs,
    differences,
    metrics,
    functions: {
      cpu: changedFunctions(used.a, used.b, 'cpu'),
      allocations: changedFunctions(used.a, used.b, 'allocations'),
    },
    notes: notesOf(a, b, used),
  };
}

function usedRuns({ runs }: SideRuns): ComparedRun[] {
  return inOrder(runs.filter(({ excluded }) => excluded === null));
}

function describeSide({ label, runs }: SideRuns): ComparedSide {
  const trackers = runs.map(
    ({ target }) => `${target.name}${target.version === null ? '' : ` ${target.version}`}`,
  );
  return {
    label,
    tracker: [...new Set(trackers)].join(', '),
    runs: inOrder(runs).map(({ runId, startedAt, excluded }) => ({ runId, startedAt, excluded })),
  };
}

/** The worst of all figures: one that got worse is not outweighed by others. */
function overall(metrics: readonly MetricComparison[]): Pick<Comparison, 'verdict' | 'reason'> {
  for (const verdict of ['worse', 'better'] as const) {
    const found = metrics.filter((metric) => metric.verdict === verdict);
    if (found.length > 0) return { verdict, reason: found.map(({ label }) => label).join(', ') };
  }
  const order = ['no difference shown', 'not comparable', 'not enough runs', 'not measured'] as const;
  for (const verdict of order) {
    const found = metrics.filter((metric) => metric.verdict === verdict);
    const [first] = found;
    if (first === undefined) continue;
    return {
      verdict,
      reason:
        verdict === 'no difference shown'
          ? `in ${found.length} of ${metrics.length} figures, with ${first.values.a.length} and ${first.values.b.length} runs`
          : first.reason,
    };
  }
  return { verdict: 'not measured', reason: 'there is no figure' };
}

function notesOf(
  a: SideRuns,
  b: SideRuns,
  used: { readonly a: readonly ComparedRun[]; readonly b: readonly ComparedRun[] },
): string[] {
  const notes: string[] = [];
  for (const [side, { label, runs }] of [
    ['a', a],
    ['b', b],
  ] as const) {
    const left = runs.filter(({ excluded }) => excluded !== null);
    if (left.length > 0) {
      const told = left.map(({ runId, excluded }) => `${runId} (${excluded})`).join('; ');
      notes.push(`${left.length} of ${runs.length} runs of ${label} are left out: ${told}.`);
    }
    const errors = median(used[side].map(({ errorShare }) => errorShare).filter((share) => share !== null));
    if (errors !== null && errors >= worryLimits.errorShare) {
      notes.push(
        `${formatShare(errors)} of the requests of ${label} failed: its figures are of those that did not.`,
      );
    }
  }
  return notes;
}
