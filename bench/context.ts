import type { LoadDriver } from './load/load-driver.ts';
import type { Cell, Sample } from './results.ts';

/** What all parts of a benchmark share. */
export interface BenchContext {
  readonly rounds: number;
  /** Length of one measured window. */
  readonly seconds: number;
  readonly smoke: boolean;
  readonly load: LoadDriver;
  /** Cores of the servers and of the generators, as taskset takes them; null: not pinned. */
  readonly pinning: { readonly server: string; readonly generator: string } | null;
  /** For what a run leaves behind; removed at its end. */
  readonly scratch: string;
  /** For what the next run can use again: compiled yardsticks, installed packages. */
  readonly cache: string;
  /** Programs that the operator gave, by name of the flag. */
  readonly programs: Readonly<Record<string, string | undefined>>;
  /** One line of progress. */
  readonly tell: (text: string) => void;
}

/** One cell to be measured, and how one round of it is. */
export interface Trial {
  readonly subject: string;
  readonly condition: string;
  readonly run: () => Promise<Sample>;
}

/**
 * Runs all trials once a round, in turn, so that what changes on the machine meanwhile meets all of them alike. Trials of
 * one subject and condition share a cell.
 */
export async function interleave(
  rounds: number,
  trials: readonly Trial[],
  tell: (text: string) => void,
): Promise<Cell[]> {
  const cells = new Map<string, Cell>();
  for (let round = 0; round < rounds; round++) {
    tell(`  round ${round + 1} of ${rounds}`);
    for (const { subject, condition, run } of trials) {
      const key = `${subject}\n${condition}`;
      const cell = cells.get(key) ?? { subject, condition, samples: [] };
      cells.set(key, cell);
      cell.samples.push(await run());
    }
  }
  return [...cells.values()];
}
