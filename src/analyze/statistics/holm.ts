/**
 * Holm's step-down adjustment: the chance of one false alarm among all tests stays below the level at which each adjusted p
 * is read, however the tests depend on each other. In the order of `ps`. Pure.
 *
 * @see Holm, A simple sequentially rejective multiple test procedure, 1979
 */
export function holm(ps: readonly number[]): number[] {
  const adjusted = new Array<number>(ps.length).fill(1);
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  let most = 0;
  for (const [rank, { p, index }] of order.entries()) {
    most = Math.max(most, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = most;
  }
  return adjusted;
}
