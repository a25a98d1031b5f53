import { describe, expect, it } from 'vitest';
import { goalsOf, isHeld } from '../../bench/report/goals.ts';
import type { BenchResult, PartResult, Sample } from '../../bench/results.ts';

function part(cells: Record<string, Record<string, Sample[]>>, smoke = false): PartResult {
  return {
    takenAt: '2026-01-01T00:00:00.000Z',
    rounds: 3,
    seconds: 1,
    smoke,
    cells: Object.entries(cells).flatMap(([subject, conditions]) =>
      Object.entries(conditions).map(([condition, samples]) => ({ subject, condition, samples })),
    ),
    skipped: [],
    notes: [],
  };
}

function result(parts: BenchResult['parts']): BenchResult {
  const machine = {
    cpu: '',
    cores: 2,
    memoryBytes: 0,
    kernel: '',
    virtualization: null,
    node: '',
    pinning: null,
  };
  return { schemaVersion: 1, takenAt: '', machine, versions: {}, parts };
}

const cost = (...values: number[]): Sample[] => values.map((serverCpuUs) => ({ serverCpuUs }));

describe('the goals of the benchmark', () => {
  const trackers = part({
    'tracker-lab, batched': { '100 workers': cost(6, 4, 5) },
    'tracker-lab, batched, 2 workers': { '100 workers': cost(6.25) },
    opentracker: { '100 workers': cost(10, 9, 11) },
    'C floor echo': { '100 workers': cost(3, 3, 9) },
  });
  const goals = goalsOf(result({ trackers }));
  const goal = (text: string) =>
    goals.find((one) => one.text.includes(text) && one.text.endsWith(', 100 workers'));

  it('are ratios of medians', () => {
    expect(goal('opentracker')?.reached).toBe(0.5);
    expect(goal('C floor echo')?.reached).toBeCloseTo(5 / 3);
    expect(goal('Two tracker workers')?.reached).toBeCloseTo(1.6);
  });

  it('hold or do not, by their direction', () => {
    const held = ['opentracker', 'C floor echo', 'Two tracker workers'].map((text) => {
      const found = goal(text);
      return found === undefined ? undefined : isHeld(found);
    });
    expect(held).toEqual([true, false, false]);
  });

  it('are open where nothing was measured, or at smoke size only', () => {
    expect(goal('bittorrent-tracker')?.reached).toBeNull();
    const smoke = goalsOf(result({ trackers: { ...trackers, smoke: true } }));
    expect(smoke.length).toBe(goals.length);
    expect(smoke.every((one) => one.reached === null && isHeld(one) === null)).toBe(true);
  });

  it('of the expiry say at which rate, from when and over how many rounds', () => {
    const sample = {
      latencyP99Us: 900,
      sendLagP99Us: 250,
      requestsPerSecond: 105_000.4,
      loopDelayMaxUs: 3_000,
    };
    const expiry = part({ 'tracker-lab, batched': { 'while peers expire': [sample] } });
    const found = goalsOf(result({ expiry })).filter(({ unit }) => unit === ' ms');
    expect(found.map(({ reached }) => reached)).toEqual([0.9, 3]);
    expect(found[0]?.text).toBe(
      'Latency P99 at half the greatest rate (105000 announces/s), while peers of 1,000,000 expire, from the moment each was due, of which the generator sent 1 % more than 0.25 ms late, median of 3 rounds of 1 s',
    );
    const [open] = goalsOf(result({})).filter(({ unit }) => unit === ' ms');
    expect(open?.text).toBe(
      'Latency P99 at half the greatest rate, while peers of 1,000,000 expire, from the moment each was due',
    );
  });
});
