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
});
