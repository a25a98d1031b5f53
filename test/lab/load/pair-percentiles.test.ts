import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencyCounts, type LatencyPairs } from '../../../src/lab/load/latency-counts.ts';
import { HIGHEST_LATENCY_NS, newHistogram, recordNs } from '../../../src/lab/load/latency-histogram.ts';
import { pairPercentiles } from '../../../src/lab/load/pair-percentiles.ts';

const percents = [0.1, 50, 95, 99, 99.9, 100];

function pairsOf(valuesNs: readonly number[]): LatencyPairs {
  const counts = new LatencyCounts();
  for (const valueNs of valuesNs) counts.record(valueNs, 1);
  return counts.toPairs() as LatencyPairs;
}

function byLibrary(valuesNs: readonly number[]): number[] {
  const histogram = newHistogram();
  for (const valueNs of valuesNs) recordNs(histogram, valueNs);
  return percents.map((percent) => histogram.getValueAtPercentile(percent));
}

test('percentiles over the threads are those of one histogram of all values', () => {
  const values = fc.array(
    fc.oneof(fc.nat({ max: 5_000 }), fc.double({ min: 0, max: 2 * HIGHEST_LATENCY_NS, noNaN: true })),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (parts) => {
      expect(pairPercentiles(parts.map(pairsOf), percents)).toEqual(byLibrary(parts.flat()));
    }),
    { numRuns: 200 },
  );
});

test('whole shares are not rounded up by what floating point adds to them', () => {
  for (const count of [20, 40, 100, 700, 1_000]) {
    const valuesNs = Array.from({ length: count }, (_, index) => index + 1);
    expect(pairPercentiles([pairsOf(valuesNs)], [95])).toEqual([0.95 * count]);
  }
});
