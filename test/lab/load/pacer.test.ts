import { expect, test } from 'vitest';
import { Grid, Ramp, rampMs } from '../../../src/lab/load/pacer.ts';

function take(grid: Grid): number {
  const column = new Float64Array(2);
  const { nextNs } = grid;
  grid.takeInto(column, 1);
  expect(column).toEqual(Float64Array.of(0, nextNs));
  return nextNs;
}

test('the grid is fixed: the n-th point stands n intervals after the start', () => {
  const grid = new Grid({ ratePerSecond: 200, threads: 1, thread: 0, startNs: 1e9 });
  expect([take(grid), take(grid), take(grid)]).toEqual([1e9, 1e9 + 5e6, 1e9 + 10e6]);
  const column = new Float64Array(1);
  for (let index = 3; index < 1_000_000; index++) grid.takeInto(column, 0);
  expect(grid.nextNs).toBe(1e9 + 1_000_000 * 5e6);
});

test('points up to a time are taken at once, none twice and none that is not due', () => {
  const grid = new Grid({ ratePerSecond: 1_000, threads: 1, thread: 0, startNs: 1e9 });
  expect(grid.takeUntil(0)).toBe(0);
  expect(grid.countDue(1e9 + 9.5e6)).toBe(10);
  expect(grid.takeUntil(1e9 + 9.5e6)).toBe(10);
  expect(grid.countDue(1e9 + 9.5e6)).toBe(0);
  expect(grid.takeUntil(1e9 + 5e6)).toBe(0);
  expect(take(grid)).toBe(1e9 + 10e6);
});

test('threads share one grid without gap or overlap', () => {
  const points = [0, 1, 2].flatMap((thread) => {
    const grid = new Grid({ ratePerSecond: 300, threads: 3, thread, startNs: 0 });
    return Array.from({ length: 100 }, () => take(grid));
  });
  points.sort((one, two) => one - two);
  points.forEach((point, index) => {
    expect(point).toBeCloseTo((index * 1e9) / 300, 3);
  });
});

test('a ramp starts every worker once, evenly over its length', () => {
  const ramp = new Ramp(10, 1_000, 500);
  const started: number[] = [];
  for (let nowNs = 900; nowNs <= 1_500; nowNs += 25) {
    for (let worker = ramp.nextDue(nowNs); worker >= 0; worker = ramp.nextDue(nowNs)) {
      expect(nowNs).toBe(1_000 + 50 * worker);
      started.push(worker);
    }
  }
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(ramp.done).toBe(true);
  expect(ramp.nextDue(1e12)).toBe(-1);
});

test('a ramp is a third of the warm-up, at most a second, never steeper than 20 workers a millisecond', () => {
  expect(rampMs(1_000, 1_500)).toBe(500);
  expect(rampMs(1_000, 60_000)).toBe(1_000);
  expect(rampMs(10_000, 0)).toBe(500);
  expect(rampMs(10, 0)).toBe(0.5);
});
