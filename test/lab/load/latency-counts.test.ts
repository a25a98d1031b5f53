import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencyCounts, leastOf } from '../../../src/lab/load/latency-counts.ts';
import {
  encodeHistogram,
  HIGHEST_LATENCY_NS,
  newHistogram,
  recordNs,
} from '../../../src/lab/load/latency-histogram.ts';

/** The same values by the library alone. */
function recordedDirectly(valuesNs: readonly number[], count: number) {
  const histogram = newHistogram();
  for (const valueNs of valuesNs) recordNs(histogram, valueNs, count);
  return histogram;
}

function counted(valuesNs: readonly number[], count: number): LatencyCounts {
  const counts = new LatencyCounts();
  for (const valueNs of valuesNs) counts.record(valueNs, count);
  return counts;
}

/** Values at both sides of every border between buckets and word sizes. */
const borders = Array.from({ length: 38 }, (_, power) => 2 ** power).flatMap((power) => [
  power - 1,
  power,
  power + 1,
  power * 1.5,
]);

test('counts become the histogram that the library would have recorded', () => {
  for (const valuesNs of [
    borders,
    borders.filter((_, index) => index % 3 === 0),
    [5],
    [7, 7, 7],
    [3000, 3001],
  ]) {
    for (const count of [1, 3]) {
      const histogram = counted(valuesNs, count).toHistogram();
      const expected = recordedDirectly(valuesNs, count);
      expect(encodeHistogram(histogram)).toBe(encodeHistogram(expected));
      expect(histogram.maxValue).toBe(expected.maxValue);
      expect(histogram.minNonZeroValue).toBe(expected.minNonZeroValue);
    }
  }
});

test('each single border has its bucket', () => {
  for (const valueNs of borders) {
    expect(encodeHistogram(counted([valueNs], 2).toHistogram())).toBe(
      encodeHistogram(recordedDirectly([valueNs], 2)),
    );
  }
});

test('any values become the same histogram', () => {
  const value = fc.double({ min: -10, max: 2 * HIGHEST_LATENCY_NS, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (valuesNs) => {
      const counts = counted(valuesNs, 1);
      expect(counts.totalCount).toBe(valuesNs.length);
      expect(encodeHistogram(counts.toHistogram())).toBe(encodeHistogram(recordedDirectly(valuesNs, 1)));
    }),
    { numRuns: 100 },
  );
});

test('after a reset nothing is left', () => {
  const counts = counted([1, 1e6, 1e9], 2);
  counts.reset();
  expect(counts.totalCount).toBe(0);
  expect(counts.toHistogram().totalCount).toBe(0);
  counts.record(500, 1);
  expect(counts.toHistogram().maxValue).toBe(500);
});

test('what travels is each bucket that was hit, in order, and nothing once it was forgotten', () => {
  const counts = counted([3000, 7, 1e9, 7], 2);
  const pairs = counts.toPairs();
  expect(pairs?.counts).toEqual(Float64Array.of(4, 2, 2));
  expect([...(pairs?.buckets ?? [])].map(leastOf)).toEqual([7, 3000, 999_817_216]);
  counts.reset();
  expect(counts.toPairs()).toBeNull();
  counts.record(3000, 1);
  expect(counts.toPairs()?.counts).toEqual(Float64Array.of(1));
});
