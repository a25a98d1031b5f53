import { expect, test } from 'vitest';
import { coresToPlanWith } from '../../src/cli/cores-to-plan-with.ts';
import { planScenario } from '../../src/lab/plan.ts';

const loadThreads = (cpuCount: number, trackerWorkers: number | null): number =>
  planScenario({ preset: 'heavy', overrides: {}, cpuCount: coresToPlanWith(cpuCount, trackerWorkers) })
    .scenario.loadThreads;

test.each([
  [8, 1, 4],
  [8, 5, 3],
  [8, 7, 1],
  [8, 16, 1],
  [4, 2, 2],
  [4, null, 3],
  [1, 1, 1],
] as const)(
  'of %i cores with %s workers of our tracker the generator takes %i',
  (cores, workers, threads) => {
    expect(loadThreads(cores, workers)).toBe(threads);
  },
);
