import { describe, expect, it } from 'vitest';
import { summarize } from '../../bench/statistics.ts';

describe('the summary of rounds', () => {
  it('is the median, the least and the greatest', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5, count: 3 });
    expect(summarize([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4, count: 4 });
  });

  it('leaves out what was not measured', () => {
    expect(summarize([null, 2, undefined, Number.NaN])).toEqual({ median: 2, min: 2, max: 2, count: 1 });
    expect(summarize([null])).toBeNull();
  });
});
