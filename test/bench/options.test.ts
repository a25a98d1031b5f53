import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bench/options.ts';
import { partNames } from '../../bench/results.ts';

describe('the flags of the benchmark', () => {
  it('ask for every part by default', () => {
    expect(parseOptions([])).toMatchObject({
      parts: partNames,
      rounds: 5,
      seconds: 2,
      json: null,
      write: null,
    });
  });

  it('choose parts, rounds and programs', () => {
    const argv = '--only trackers,memory --rounds 3 --seconds 0.5 --json a.json --pico /bin/pico'.split(' ');
    expect(parseOptions(argv)).toMatchObject({
      parts: ['trackers', 'memory'],
      rounds: 3,
      seconds: 0.5,
      json: 'a.json',
      programs: { pico: '/bin/pico', chihaya: undefined },
    });
  });

  it.each([
    [['--only', 'nothing'], '"nothing" is none of trackers'],
    [['--rounds', '0'], '--rounds: expected a number above 0'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuse %j', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message);
  });
});
