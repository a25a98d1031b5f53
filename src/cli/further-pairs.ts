/** Whether a comparison measures another pair of runs: one that was asked for, one for an invalid run, or one to confirm. Pure. */
import type { MetricComparison } from '../analyze/compare/comparison-schema.ts';
import { interleavedPairs } from '../analyze/compare/interleaving.ts';
import { COMPARABLE_RUNS } from '../analyze/thresholds.ts';

type Side = 'a' | 'b';

/** The runs so far and how many are wanted. */
export interface RunsSoFar {
  /** In order of time; `valid` is whether their figures are those of the tracker. */
  readonly runs: readonly { readonly side: Side; readonly valid: boolean }[];
  /** Valid runs a side. */
  readonly wanted: number;
  /** Further pairs in place of invalid runs, at most. */
  readonly mostReplaced: number;
}

/** `hopeless`: a side has no valid run, so that another would hardly be one. */
type Standing = 'wanted' | 'enough' | 'hopeless' | 'bound reached';

/** Half as many as were asked for: to confirm with, and at most in place of invalid runs. */
export function halfOf(repeat: number): number {
  return Math.ceil(repeat / 2);
}

/** Whether another pair is measured. */
export function standingOf({ runs, wanted, mostReplaced }: RunsSoFar): Standing {
  const pairs = runs.length / 2;
  if (pairs < wanted) return 'wanted';
  const [a, b] = [placesOf(runs, 'a'), placesOf(runs, 'b')];
  const fewest = Math.min(a.length, b.length);
  if (fewest >= wanted && interleavedPairs(a, b) >= Math.min(wanted, COMPARABLE_RUNS)) return 'enough';
  if (fewest === 0) return 'hopeless';
  return pairs < wanted + mostReplaced ? 'wanted' : 'bound reached';
}

/** Of a figure that was called better or worse: a change of this many times the least that counts needs no confirmation. */
const SURE = 3;

/** Whether all that was called better or worse is near the least change that counts, as a false alarm is. */
export function needsConfirming(metrics: readonly MetricComparison[]): boolean {
  const called = metrics.filter(({ verdict }) => verdict === 'better' || verdict === 'worse');
  return (
    called.length > 0 &&
    called.every(({ change, leastChange }) => Math.abs(change ?? 0) < SURE * (leastChange ?? 0))
  );
}

/**
 * What was done beyond the runs that were asked for, a sentence each.
 *
 * @param confirming - pairs that were added to confirm a change
 */
export function furtherNotes(soFar: RunsSoFar, confirming: number): string[] {
  const { runs, wanted, mostReplaced } = soFar;
  const notes: string[] = [];
  if (confirming > 0) {
    notes.push(
      `The first ${wanted - confirming} runs a side showed a small change; ${pairsText(confirming)} measured to confirm it, and the verdict is of all runs.`,
    );
  }
  const invalid = runs.filter(({ valid }) => !valid).length;
  if (invalid === 0) return notes;
  const count = `${invalid} of ${runs.length} runs ${invalid === 1 ? 'was' : 'were'} invalid`;
  const replaced = `${pairsText(Math.max(0, runs.length / 2 - wanted))} measured for ${invalid === 1 ? 'it' : 'them'}`;
  const ends: Readonly<Record<Standing, string>> = {
    enough: `${count}; ${replaced}.`,
    wanted: `${count}; it ended before further pairs were measured.`,
    hopeless: `${count}; no further pair was measured, for a side has no valid run at all.`,
    'bound reached': `${count}; ${replaced}, and ${mostReplaced} are the most. Measure again on a quieter machine, or with a larger --repeat.`,
  };
  return [...notes, ends[standingOf(soFar)]];
}

function pairsText(pairs: number): string {
  return `${pairs} further ${pairs === 1 ? 'pair was' : 'pairs were'}`;
}

/** Places in the order of time, for {@link interleavedPairs}. */
function placesOf(
  runs: RunsSoFar['runs'],
  side: Side,
): { readonly runId: string; readonly startedAt: string }[] {
  return runs.flatMap((run, index) =>
    run.side === side && run.valid ? [{ runId: String(index).padStart(6, '0'), startedAt: '' }] : [],
  );
}
