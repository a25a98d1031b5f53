import { describe, expect, it } from 'vitest';
import { liftOf } from '../../../src/analyze/slow/lift.ts';
import { studentQuantile } from '../../../src/analyze/slow/student-t.ts';

const episodes = (count: number, hits: number, all: number) =>
  Array.from({ length: count }, () => ({ hits, all }));

describe("Student's t", () => {
  // From the tables of any handbook, two-sided.
  it.each([
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 9, 2.262],
    [0.99, 10, 3.169],
    [0.95, 30, 2.042],
    [0.95, 1_000, 1.966],
  ])('is at %d for %d degrees of freedom %d', (confidence, freedom, value) => {
    expect(studentQuantile(confidence, freedom)).toBeCloseTo(value, 2);
  });
});

describe('a lift', () => {
  it('is the ratio of the shares', () => {
    const lift = liftOf(episodes(10, 40, 100), episodes(50, 10, 100), 0.95);
    expect(lift.slowShare).toBeCloseTo(0.4, 12);
    expect(lift.otherShare).toBeCloseTo(0.1, 12);
    expect(lift.lift).toBeCloseTo(4, 1);
    expect(lift.low).toBeGreaterThan(3);
    expect(lift.high).toBeLessThan(5);
  });

  it('is finite where the function never runs otherwise', () => {
    const lift = liftOf(episodes(10, 40, 100), episodes(50, 0, 100), 0.95);
    expect(lift.otherShare).toBe(0);
    expect(lift.low).toBeGreaterThan(100);
    expect(Number.isFinite(lift.high)).toBe(true);
  });

  it('is not believed where one of the slow times has all of it', () => {
    const once = [{ hits: 90, all: 100 }, ...episodes(9, 0, 100)];
    expect(liftOf(once, episodes(50, 1, 100), 0.95).low).toBeLessThan(1.5);
    expect(liftOf(once, episodes(50, 2, 100), 0.995).low).toBeLessThan(1);
  });

  it('has a wider interval where its slices differ, and where it has to hold more surely', () => {
    const other = episodes(50, 10, 100);
    const steady = liftOf(episodes(10, 40, 100), other, 0.95);
    const mixed = liftOf([...episodes(5, 10, 100), ...episodes(5, 70, 100)], other, 0.95);
    expect(mixed.slowShare).toBeCloseTo(steady.slowShare, 12);
    expect(mixed.high - mixed.low).toBeGreaterThan(steady.high - steady.low);
    expect(liftOf(episodes(10, 40, 100), other, 0.999).low).toBeLessThan(steady.low);
  });

  it('of nothing on both sides says nothing', () => {
    const lift = liftOf(episodes(4, 0, 0), episodes(4, 0, 0), 0.95);
    expect(lift.low).toBeLessThan(1);
    expect(lift.high).toBeGreaterThan(1);
  });
});
