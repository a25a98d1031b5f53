import { describe, expect, it } from 'vitest';
import { phaseFigures } from '../../src/analyze/phase-figures.ts';
import { type TimeoutCounts, timeoutCauses } from '../../src/analyze/timeout-causes.ts';
import { syntheticEvidence } from './synthetic-run.ts';

const none: TimeoutCounts = { timedOut: 100, late: 0, trackerDrops: 0, generatorDrops: 0 };

describe('the causes of timeouts', () => {
  it.each<[string, Partial<TimeoutCounts>]>([
    ['nothing known', {}],
    ['drops and late replies', { late: 10, trackerDrops: 50, generatorDrops: 5 }],
    ['more drops than timeouts', { late: 10, trackerDrops: 500, generatorDrops: 5 }],
    ['more late replies than timeouts', { late: 101, trackerDrops: 1 }],
    ['drops that are not known', { late: 3, trackerDrops: null, generatorDrops: null }],
    ['a counter that went back', { trackerDrops: -4 }],
  ])('add up to them with %s', (_, over) => {
    const causes = timeoutCauses({ ...none, ...over });
    const parts = [
      causes.late,
      causes.droppedAtTracker ?? 0,
      causes.droppedAtGenerator ?? 0,
      causes.silent,
      causes.unassigned,
    ];
    expect(parts.slice(0, 4).reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
  });

  it('are exact where the counts fit', () => {
    expect(timeoutCauses({ timedOut: 100, late: 10, trackerDrops: 50, generatorDrops: 5 })).toEqual({
      late: 10,
      droppedAtTracker: 50,
      droppedAtGenerator: 5,
      silent: 35,
      unassigned: 0,
    });
  });

  it('take late replies first and say what could not be assigned', () => {
    expect(timeoutCauses({ timedOut: 100, late: 30, trackerDrops: 90, generatorDrops: 5 })).toEqual({
      late: 30,
      droppedAtTracker: 70,
      droppedAtGenerator: 0,
      silent: 0,
      unassigned: 25,
    });
  });

  it('are part of the figures of a phase', () => {
    const figures = phaseFigures(
      syntheticEvidence({
        announce: { timedOut: 1_000 },
        process: (_, index) => ({ socketDrops: index * 10 }),
      }),
      'clean',
    );
    expect(figures?.timeoutCauses).toMatchObject({ droppedAtTracker: 480, silent: 520, unassigned: 0 });
  });
});
