import { describe, expect, it } from 'vitest';
import { formatPercent, formatValue, percentileText } from '../../src/page/format-value.ts';
import { sortKey } from '../../src/page/sort-key.ts';

describe('what a column is sorted by', () => {
  it.each([
    ['1.02s', '886.01ms'],
    ['16.76MB', '512.37kB'],
    ['1,234.5 req/s', '999'],
    ['5.88%', '0.5 %'],
    ['-2 %', '-3 %'],
    ['12.0 ms', '0.345 ms'],
  ])('%s is more than %s', (more, less) => {
    expect(sortKey(more, true)).toBeGreaterThan(sortKey(less, true) as number);
  });

  it.each([
    ['193.06ms', 0.19306],
    ['12 ms', 0.012],
    ['354.00ns', 354e-9],
    ['-42 %', -42],
    ['−42 %', -42],
    ['+17', 17],
    ['< 0.01 %', 0.01],
  ])('of %s is %s, with every digit', (text, key) => {
    expect(sortKey(text, true)).toBeCloseTo(key, 12);
  });

  it('is nothing where a number is wanted and there is none', () => {
    expect(sortKey('- (context)', true)).toBeNull();
    expect(sortKey('not measured: no sample', true)).toBeNull();
  });

  it('is the text in any case elsewhere', () => {
    expect(sortKey(' Zeta', false)).toBe('zeta');
  });
});

describe('values in words', () => {
  it('have the unit that fits them', () => {
    expect(formatValue(1_580_000_000, { type: 'cpu', unit: 'nanoseconds' })).toBe('1.58 s');
    expect(formatValue(4.46, { type: 'cpu', unit: 'microseconds' })).toBe('4.46 µs');
    expect(formatValue(355_328, { type: 'alloc_space', unit: 'bytes' })).toBe('347 KiB');
    expect(formatValue(12_345, { type: 'alloc_objects', unit: 'count' })).toBe('12,345 alloc objects');
    expect(formatPercent(0.00001)).toBe('< 0.01 %');
  });

  it('name percentiles by how rare the rest is', () => {
    expect([1, 2, 10, 100, 1000, 100_000].map(percentileText)).toEqual([
      '0 %',
      '50 %',
      '90 %',
      '99 %',
      '99.9 %',
      '99.999 %',
    ]);
  });
});
