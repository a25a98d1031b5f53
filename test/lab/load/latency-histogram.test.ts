import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addHistograms,
  decodeHistogram,
  encodeHistogram,
  HIGHEST_LATENCY_NS,
  newHistogram,
  recordNs,
} from '../../../src/lab/load/latency-histogram.ts';

test('values on either side of 2^32 ns keep three digits, also through the encoding', () => {
  for (const valueNs of [1, 999, 20_000, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 5.3e9, 60e9, 120e9]) {
    const histogram = newHistogram();
    recordNs(histogram, valueNs);
    const decoded = decodeHistogram(encodeHistogram(histogram));
    expect(decoded.totalCount).toBe(1);
    expect(Math.abs(decoded.getValueAtPercentile(50) - valueNs)).toBeLessThanOrEqual(valueNs / 1_000);
  }
});

test('any latency is recorded within a thousandth of its value', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: HIGHEST_LATENCY_NS, noNaN: true }), (valueNs) => {
      const histogram = newHistogram();
      recordNs(histogram, valueNs);
      expect(Math.abs(histogram.getValueAtPercentile(100) - valueNs)).toBeLessThanOrEqual(
        1 + valueNs / 1_000,
      );
    }),
    { numRuns: 200 },
  );
});

test('values out of range count at its ends and never throw', () => {
  const histogram = newHistogram();
  recordNs(histogram, -1);
  recordNs(histogram, 1e15, 3);
  expect(histogram.totalCount).toBe(4);
  expect(histogram.getValueAtPercentile(1)).toBe(0);
  expect(histogram.getValueAtPercentile(99)).toBe(HIGHEST_LATENCY_NS);
});

test('histograms add up', () => {
  const parts = [100, 5e9, 200].map((valueNs) => {
    const histogram = newHistogram();
    recordNs(histogram, valueNs, 2);
    return encodeHistogram(histogram);
  });
  const sum = addHistograms(parts);
  expect(sum.totalCount).toBe(6);
  expect(sum.getValueAtPercentile(50)).toBe(200);
  expect(addHistograms([]).totalCount).toBe(0);
});
