import { describe, expect, it } from 'vitest';
import { changePoints } from '../../../src/analyze/statistics/change-points.ts';
import { randomStream } from '../../../src/analyze/statistics/random-stream.ts';

/** Values around levels, with even noise of ± 3 %. */
function series(levels: readonly (readonly [level: number, count: number])[], seed: number): number[] {
  const random = randomStream(seed);
  return levels.flatMap(([level, count]) =>
    Array.from({ length: count }, () => level * (1 + 0.06 * (random() - 0.5))),
  );
}

describe('change points', () => {
  it('finds one step where it is', () => {
    const found = changePoints(
      series(
        [
          [100, 12],
          [88, 10],
        ],
        1,
      ),
    );
    expect(found.map(({ index }) => index)).toEqual([12]);
    expect(found[0]?.p).toBeLessThanOrEqual(0.01);
  });

  it('finds two steps, in their order', () => {
    const found = changePoints(
      series(
        [
          [100, 12],
          [70, 12],
          [95, 12],
        ],
        2,
      ),
    );
    expect(found.map(({ index }) => index)).toEqual([12, 24]);
  });

  it('takes one outlier for none', () => {
    const values = series([[100, 20]], 3);
    values[9] = 40;
    expect(changePoints(values)).toEqual([]);
  });

  it('finds none in noise in at least 97 of 100 series', () => {
    const marked = Array.from({ length: 100 }, (_, seed) =>
      changePoints(series([[100, 20]], seed + 10)),
    ).filter((found) => found.length > 0);
    expect(marked.length).toBeLessThanOrEqual(3);
  });

  it('says nothing of fewer than six values, nor of equal ones', () => {
    expect(changePoints([1, 1, 9, 9, 9])).toEqual([]);
    expect(changePoints(new Array<number>(20).fill(5))).toEqual([]);
  });
});
