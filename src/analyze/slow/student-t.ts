/** Student's t distribution for whole degrees of freedom. Pure. */

/** Beyond this it is the normal distribution to four digits. */
const MOST_FREEDOM = 400;
const BISECTIONS = 60;

/**
 * The value that |t| stays below with a probability of `confidence`.
 *
 * @param confidence - above 0, below 1
 * @param freedom - degrees of freedom; rounded down, at least 1
 */
export function studentQuantile(confidence: number, freedom: number): number {
  const nu = Math.min(MOST_FREEDOM, Math.max(1, Math.floor(freedom)));
  let low = 0;
  let high = 1;
  while (within(high, nu) < confidence) high *= 2;
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (within(middle, nu) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Probability of |T| < t.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4
 */
function within(t: number, nu: number): number {
  const theta = Math.atan(t / Math.sqrt(nu));
  const cosine = Math.cos(theta);
  const isOdd = nu % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = nu === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= nu - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}
