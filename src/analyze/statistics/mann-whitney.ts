/**
 * The Mann-Whitney U test: whether values of one sample tend to be larger than those of the other. It asks nothing of the
 * shape of either distribution. Pure.
 *
 * @see Mann and Whitney, On a test of whether one of two random variables is stochastically larger than the other, 1947
 */
import { errorFunction, wilcoxonRankSum } from 'simple-statistics';

export interface MannWhitney {
  /** Pairs in which the first sample's value is the larger one; ties count half. */
  readonly u: number;
  /** Two-sided. */
  readonly p: number;
  /** `normal`: by the normal approximation, with corrections for ties and continuity. */
  readonly method: 'exact' | 'normal';
}

/** Counts of arrangements stay below 2^53 up to here: (50 choose 25) is 1.3e14. */
const LARGEST_EXACT_SAMPLE = 25;

/** Exact where nothing is tied and neither sample has more than 25 values. Each needs one value or more. */
export function mannWhitney(first: readonly number[], second: readonly number[]): MannWhitney {
  const [n, m] = [first.length, second.length];
  const u = wilcoxonRankSum([...first], [...second]) - (n * (n + 1)) / 2;
  const ties = tieSizes([...first, ...second]);
  if (ties.length === 0 && Math.max(n, m) <= LARGEST_EXACT_SAMPLE) {
    return { u, p: exactP(n, m, Math.min(u, n * m - u)), method: 'exact' };
  }
  const total = n + m;
  const tied = ties.reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = ((n * m) / 12) * (total + 1 - tied / (total * (total - 1)));
  if (!(variance > 0)) return { u, p: 1, method: 'normal' };
  const z = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance);
  return { u, p: Math.min(1, Math.max(0, 1 - errorFunction(z / Math.SQRT2))), method: 'normal' };
}

/** How many values share each value that is there more than once. */
function tieSizes(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1);
}

const arrangements = new Map<string, readonly number[]>();

function exactP(n: number, m: number, smaller: number): number {
  const key = `${n} ${m}`;
  const counts = arrangements.get(key) ?? arrangementsByU(n, m);
  arrangements.set(key, counts);
  let tail = 0;
  let all = 0;
  for (const [u, count] of counts.entries()) {
    if (u <= smaller) tail += count;
    all += count;
  }
  return Math.min(1, (2 * tail) / all);
}

/** How many orders of n and m values have each U: the coefficients of the Gaussian binomial coefficient. */
function arrangementsByU(n: number, m: number): readonly number[] {
  const counts = new Array<number>(n * m + 1).fill(0);
  counts[0] = 1;
  for (let factor = 1; factor <= n; factor++) {
    for (let u = n * m; u >= m + factor; u--) {
      counts[u] = (counts[u] as number) - (counts[u - m - factor] as number);
    }
    for (let u = factor; u <= n * m; u++) {
      counts[u] = (counts[u] as number) + (counts[u - factor] as number);
    }
  }
  return counts;
}
