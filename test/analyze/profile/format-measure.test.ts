import { describe, expect, test } from 'vitest';
import {
  fittingUnit,
  formatMeasure,
  formatPercent,
  toNanoseconds,
} from '../../../src/analyze/profile/format-measure.ts';

describe('formatMeasure', () => {
  test.each([
    [1_583_400_000, 'nanoseconds', 's', '1.58s'],
    [1_583_400_000, 'nanoseconds', 'ms', '1583.40ms'],
    [1_000_000_000, 'nanoseconds', 's', '1s'],
    [1500, 'microseconds', 'ms', '1.50ms'],
    [364_250_000, 'bytes', 'MB', '347.38MB'],
    [1024, 'bytes', 'kB', '1kB'],
    [12, 'count', 'count', '12'],
    [12, 'count', '', '12'],
    [12, 'widgets', 'widgets', '12widgets'],
    [0, 'nanoseconds', 's', '0'],
    [-1, 'nanoseconds', 's', '0'],
    [-2_000_000, 'nanoseconds', 'ms', '-2ms'],
  ])('%s %s in "%s" is %s', (value, fromUnit, toUnit, expected) => {
    expect(formatMeasure(value, fromUnit, toUnit)).toBe(expected);
  });

  test.each([
    [125_000_000, '0.12s'],
    [375_000_000, '0.38s'],
    [-125_000_000, '-0.12s'],
    [1_625_000_000, '1.62s'],
  ])('rounds the tie %s ns to even: %s', (value, expected) => {
    expect(formatMeasure(value, 'nanoseconds', 's')).toBe(expected);
  });
});

describe('fittingUnit', () => {
  test.each([
    [999, 'nanoseconds', 'ns'],
    [1000, 'nanoseconds', 'us'],
    [2_000_000_000, 'nanoseconds', 's'],
    [3600, 'seconds', 'hrs'],
    [0, 'nanoseconds', 's'],
    [-5_000_000, 'nanoseconds', 'ms'],
    [1023, 'bytes', 'B'],
    [1024, 'bytes', 'kB'],
    [2 ** 31, 'bytes', 'GB'],
    [10, 'count', ''],
  ])('of %s %s is "%s"', (value, fromUnit, expected) => {
    expect(fittingUnit(value, fromUnit)).toBe(expected);
  });
});

describe('formatPercent', () => {
  test.each([
    [4879, 10_000, '48.79%'],
    [588, 10_000, ' 5.88%'],
    [50, 10_000, '  0.5%'],
    [36, 10_000, ' 0.36%'],
    [7, 10_000, ' 0.07%'],
    [71, 100_000, '0.071%'],
    [1, 10_000_000, '1e-05%'],
    [0, 10_000, '    0%'],
    [9995, 10_000, '  100%'],
    [9994, 10_000, '99.94%'],
    [12_000, 10_000, '120.00%'],
    [-2500, 10_000, '25.00%'],
    [5, 0, '    0%'],
    [1, 32, ' 3.12%'],
    [3, 32, ' 9.38%'],
    [1, 800, ' 0.12%'],
    [3, 800, ' 0.38%'],
    [1, 1600, '0.062%'],
  ])('of %s in %s is "%s"', (value, total, expected) => {
    expect(formatPercent(value, total)).toBe(expected);
  });
});

test('toNanoseconds knows times from other units', () => {
  expect(toNanoseconds(3, 'milliseconds')).toBe(3_000_000);
  expect(toNanoseconds(3, 'bytes')).toBeNull();
});
