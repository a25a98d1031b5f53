/** What the rounds of one measurement come to. Pure. */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** @returns null where there is no value at all; values that were not measured (null) are left out */
export function summarize(values: readonly (number | null | undefined)[]): Summary | null {
  const sorted = values
    .filter((value): value is number => value !== null && value !== undefined && Number.isFinite(value))
    .sort((one, two) => one - two);
  if (sorted.length === 0) return null;
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  return { median, min: sorted[0] as number, max: sorted.at(-1) as number, count: sorted.length };
}
