/**
 * Cliff's delta: how much more often a value of `second` is the larger one of a pair than a value of `first`, from -1 (every
 * value of `second` is below every value of `first`) to 1. 0 where neither is larger more often. Pure.
 *
 * @see Cliff, Dominance statistics: ordinal analyses to answer ordinal questions, 1993
 */
export function cliffsDelta(first: readonly number[], second: readonly number[]): number {
  let larger = 0;
  for (const one of first) {
    for (const other of second) larger += Math.sign(other - one);
  }
  return larger / (first.length * second.length);
}
