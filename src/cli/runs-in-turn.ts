/** The order of a comparison's runs, and when there are enough of them. It measures nothing itself. */
import { LabError } from '../errors.ts';
import { furtherNotes, halfOf, type RunsSoFar, standingOf } from './further-pairs.ts';

type Side = 'a' | 'b';

/** Folders of the runs of both sides, in order of time. */
export interface SideFoldersSoFar {
  readonly a: readonly string[];
  readonly b: readonly string[];
}

export interface MeasuredSides extends SideFoldersSoFar {
  /** What ended it early; null: nothing did, or a signal. */
  readonly failure: LabError | null;
  /** What was done beyond the runs that were asked for, a sentence each. */
  readonly notes: readonly string[];
}

export interface RunsInTurnOptions {
  /** Runs a side. */
  readonly repeat: number;
  /** @returns the run's folder */
  readonly measure: (side: Side) => Promise<string>;
  readonly isValid: (directory: string) => boolean;
  readonly needsConfirming: (sides: SideFoldersSoFar) => boolean;
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The order of a pair's runs: each the other way round than the one before. */
function pairOrder(pair: number): readonly [Side, Side] {
  return pair % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
}

/**
 * Pairs until each side has as many valid runs as were asked for: one that is invalid is replaced by a further pair, up to half
 * as many; a small change is confirmed by half as many again.
 *
 * @throws LabError where not even the first run came to an end
 */
export async function runsInTurn(options: RunsInTurnOptions): Promise<MeasuredSides> {
  const { repeat, measure, isValid, needsConfirming, tell, signal } = options;
  const done: { readonly side: Side; readonly directory: string }[] = [];
  const validity = new Map<string, boolean>();
  let confirming = 0;

  const foldersOf = (side: Side): string[] =>
    done.filter((run) => run.side === side).map(({ directory }) => directory);
  const sides = (): SideFoldersSoFar => ({ a: foldersOf('a'), b: foldersOf('b') });
  const wanted = (): number => repeat + confirming;
  function soFar(): RunsSoFar {
    // Read between runs only where it decides something: it takes time, in which a machine changes.
    const isNeeded = done.length >= 2 * repeat;
    const runs = done.map(({ side, directory }) => {
      if (!isNeeded) return { side, valid: true };
      const valid = validity.get(directory) ?? isValid(directory);
      validity.set(directory, valid);
      return { side, valid };
    });
    return { runs, wanted: wanted(), mostReplaced: halfOf(repeat) };
  }
  const result = (failure: LabError | null): MeasuredSides => ({
    ...sides(),
    failure,
    notes: done.length % 2 === 0 && !signal.aborted ? furtherNotes(soFar(), confirming) : [],
  });

  try {
    for (let pair = 0; !signal.aborted; pair++) {
      const standing = standingOf(soFar());
      if (standing === 'enough' && confirming === 0 && needsConfirming(sides())) confirming = halfOf(repeat);
      else if (standing !== 'wanted') break;
      for (const side of pairOrder(pair)) {
        if (signal.aborted) break;
        const number = done.length + 1;
        tell(
          number <= 2 * repeat
            ? `Run ${number} of ${2 * repeat}: side ${side}`
            : `Run ${number}: side ${side}, ${pair < wanted() ? 'to confirm a small change' : 'for an invalid run'}`,
        );
        done.push({ side, directory: await measure(side) });
      }
    }
    return result(null);
  } catch (error) {
    if (!(error instanceof LabError) || done.length === 0) throw error;
    return result(error);
  }
}
