/** `Math.max(...values)` for as many values as there are: a call takes some 100,000 arguments, a timeline has more rows. */
export function greatest(values: Iterable<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** Likewise `Math.min(...values)`. */
export function least(values: Iterable<number>): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const value of values) fewest = Math.min(fewest, value);
  return fewest;
}
