/**
 * Where the level of a series changes: E-divisive on one dimension. The split that parts a series best is the one with the
 * largest energy distance between both sides; it is kept where a permutation test finds it unusual, and both sides are split
 * further. Pure.
 *
 * @see Matteson and James, A nonparametric approach for multiple change point analysis of multivariate data, 2014
 * @see Daly et al., The use of change point detection to identify software performance regressions in a continuous
 *   integration system, 2020
 */
import { randomStream } from './random-stream.ts';

export interface ChangePoint {
  /** Of the first value behind the change. */
  readonly index: number;
  /** Of the permutation test. */
  readonly p: number;
}

/** Values on either side of a change. Fewer could be outliers. */
const LEAST_SEGMENT = 3;
/** A series is looked at for each figure and at each run anew, so that the usual 5 % would mark changes that are none. */
const LEVEL = 0.01;
const PERMUTATIONS = 499;

/** In order of their index; the same for the same values. */
export function changePoints(values: readonly number[], seed = 1): ChangePoint[] {
  return split(values, 0, seed);
}

function split(values: readonly number[], offset: number, seed: number): ChangePoint[] {
  if (values.length < 2 * LEAST_SEGMENT) return [];
  const best = bestSplit(values);
  const random = randomStream(seed + offset);
  const shuffled = [...values];
  let asUnusual = 0;
  for (let round = 0; round < PERMUTATIONS; round++) {
    shuffle(shuffled, random);
    if (bestSplit(shuffled).distance >= best.distance) asUnusual++;
  }
  const p = (asUnusual + 1) / (PERMUTATIONS + 1);
  if (p > LEVEL) return [];
  const { index } = best;
  return [
    ...split(values.slice(0, index), offset, seed),
    { index: offset + index, p },
    ...split(values.slice(index), offset + index, seed),
  ];
}

/** The split with the largest energy distance; among equals the first. */
function bestSplit(values: readonly number[]): { index: number; distance: number } {
  const size = values.length;
  // Distances within the left side, within the right side, and across, as the border moves to the right.
  let [left, right, across] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) right += distance(values, i, j);
  }
  let best = { index: LEAST_SEGMENT, distance: Number.NEGATIVE_INFINITY };
  for (let index = 1; index <= size - LEAST_SEGMENT; index++) {
    const moved = index - 1;
    let toLeft = 0;
    let toRight = 0;
    for (let other = 0; other < size; other++) {
      if (other < moved) toLeft += distance(values, moved, other);
      else toRight += distance(values, moved, other);
    }
    left += toLeft;
    right -= toRight;
    across += toRight - toLeft;
    if (index < LEAST_SEGMENT) continue;
    const [n, m] = [index, size - index];
    const energy = (2 * across) / (n * m) - (2 * left) / (n * (n - 1)) - (2 * right) / (m * (m - 1));
    const scaled = ((n * m) / (n + m)) * energy;
    if (scaled > best.distance + 1e-12) best = { index, distance: scaled };
  }
  return best;
}

function distance(values: readonly number[], i: number, j: number): number {
  return Math.abs((values[i] as number) - (values[j] as number));
}

function shuffle(values: number[], random: () => number): void {
  for (let at = values.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const kept = values[at] as number;
    values[at] = values[other] as number;
    values[other] = kept;
  }
}
