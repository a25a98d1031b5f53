import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgentRow, RowMerger } from '../../../src/lab/agents/row-merger.ts';
import { LatencyCounts } from '../../../src/lab/load/latency-counts.ts';
import type { LoadRow, PhaseName } from '../../../src/run.ts';

function row(phase: PhaseName, startMs: number, endMs: number, latenciesNs: readonly number[]): AgentRow {
  const counts = new LatencyCounts();
  for (const latency of latenciesNs) counts.record(latency, 1);
  const interval = {
    sent: latenciesNs.length,
    succeeded: latenciesNs.length,
    timedOut: 0,
    errorReplies: 0,
    malformedReplies: 0,
    sendFailed: 0,
    latency: counts.toPairs(),
  };
  return { phase, startMs, endMs, intervals: [interval] };
}

describe('the rows of several agents', () => {
  it('become one a second, as soon as the last of them is there', () => {
    const merger = new RowMerger(['a', 'b']);
    expect(merger.add('a', row('clean', 0, 1_000, [1_000, 1_000, 1_000]))).toEqual([]);
    const [merged] = merger.add('b', row('clean', 4, 1_006, [9_000]));
    expect(merged).toMatchObject({ phase: 'clean', atMs: 1_006, spanMs: 1_006, sent: 4, succeeded: 4 });
    expect(merged?.latencyNsMax).toBeGreaterThan(8_900);
    expect(merged?.latencyNsP50).toBeLessThan(1_100);
  });

  it('wait for no agent that is gone, and keep what it told', () => {
    const merger = new RowMerger(['a', 'b']);
    merger.add('a', row('clean', 0, 1_000, [1]));
    merger.add('a', row('clean', 1_000, 2_000, [1, 1]));
    merger.add('b', row('clean', 0, 1_000, [1]));
    expect(merger.drop('b').map(({ sent }) => sent)).toEqual([2]);
    expect(merger.add('a', row('clean', 2_000, 3_000, [1])).map(({ sent }) => sent)).toEqual([1]);
  });

  it('of different phases are not put together', () => {
    const merger = new RowMerger(['a', 'b']);
    merger.add('a', row('warm-up', 0, 400, [1]));
    merger.add('a', row('clean', 400, 800, [1]));
    const first = merger.add('b', row('clean', 400, 801, [1, 1]));
    expect(first.map(({ phase, sent }) => [phase, sent])).toEqual([
      ['warm-up', 1],
      ['clean', 3],
    ]);
  });

  it('lose no request, whatever the order in which they come', () => {
    const names = ['a', 'b', 'c'] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names), { maxLength: 40 }), (order) => {
        const merger = new RowMerger(names);
        const told: LoadRow[] = [];
        const seconds = { a: 0, b: 0, c: 0 };
        for (const name of order) {
          const at = seconds[name]++ * 1_000;
          told.push(...merger.add(name, row('clean', at, at + 1_000, [5])));
        }
        for (const name of names) told.push(...merger.drop(name));
        expect(told.reduce((sum, { sent }) => sum + sent, 0)).toBe(order.length);
        expect(told.map(({ atMs }) => atMs)).toEqual([...told.map(({ atMs }) => atMs)].sort((a, b) => a - b));
      }),
      { numRuns: 25 },
    );
  });
});
