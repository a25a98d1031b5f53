import { describe, expect, it } from 'vitest';
import { type RunsInTurnOptions, runsInTurn } from '../../src/cli/runs-in-turn.ts';
import { LabError } from '../../src/errors.ts';

/** Runs whose folders are `0a`, `1b` …; `invalid` are places in the order of time. */
async function turns(repeat: number, invalid: readonly number[] = [], more: Partial<RunsInTurnOptions> = {}) {
  const told: string[] = [];
  const order: string[] = [];
  const measured = await runsInTurn({
    repeat,
    measure: async (side) => {
      order.push(side);
      return `${order.length - 1}${side}`;
    },
    isValid: (directory) => !invalid.includes(Number.parseInt(directory, 10)),
    needsConfirming: () => false,
    tell: (text) => told.push(text),
    signal: new AbortController().signal,
    ...more,
  });
  return { ...measured, order: order.join(''), told };
}

describe('the runs of a comparison', () => {
  it('take turns, and each pair turns round', async () => {
    const { order, notes, a, told } = await turns(3);
    expect(order).toBe('abbaab');
    expect(a).toEqual(['0a', '3a', '4a']);
    expect(notes).toEqual([]);
    expect(told).toEqual([1, 2, 3, 4, 5, 6].map((n) => `Run ${n} of 6: side ${order[n - 1]}`));
  });

  it('replace an invalid one by a further pair, and say so', async () => {
    const { order, notes, told } = await turns(6, [3]);
    expect(order).toBe('abbaabbaabbaab');
    expect(told.slice(12)).toEqual([
      'Run 13: side a, for an invalid run',
      'Run 14: side b, for an invalid run',
    ]);
    expect(notes).toEqual(['1 of 14 runs was invalid; 1 further pair was measured for it.']);
  });

  it('replace what is invalid among the replacements, up to half as many pairs', async () => {
    expect((await turns(6, [0, 12])).order).toHaveLength(16);
    const { order, notes } = await turns(6, [0, 3, 4, 7]);
    expect(order).toHaveLength(18);
    expect(notes[0]).toMatch(/^4 of 18 runs were invalid; 3 further pairs .* and 3 are the most\. Measure/);
  });

  it('measure no further pair where a side has no valid run', async () => {
    const { order, notes } = await turns(2, [1, 2]);
    expect(order).toBe('abba');
    expect(notes).toEqual([
      '2 of 4 runs were invalid; no further pair was measured, for a side has no valid run at all.',
    ]);
  });

  it('confirm a small change once, by half as many pairs, and replace what is invalid of those, too', async () => {
    const { order, notes, told } = await turns(6, [13], { needsConfirming: () => true });
    expect(order).toHaveLength(20);
    expect(told[12]).toBe('Run 13: side a, to confirm a small change');
    expect(notes).toEqual([
      'The first 6 runs a side showed a small change; 3 further pairs were measured to confirm it, and the verdict is of all runs.',
      '1 of 20 runs was invalid; 1 further pair was measured for it.',
    ]);
  });

  it('end at a signal, and keep what a failure leaves', async () => {
    const controller = new AbortController();
    const measure = async (side: string) => {
      controller.abort();
      return side;
    };
    expect(await turns(6, [], { measure, signal: controller.signal })).toMatchObject({ a: ['a'], b: [] });
    let runs = 0;
    const failing = async (side: string) => {
      if (runs++ === 1) throw new LabError({ code: 'X', message: 'expected x', hint: 'y' });
      return side;
    };
    expect(await turns(6, [], { measure: failing })).toMatchObject({ a: ['a'], failure: { code: 'X' } });
    runs = 1;
    await expect(turns(6, [], { measure: failing })).rejects.toMatchObject({ code: 'X' });
  });
});
