import { growth } from '../report/growth-steps.ts';
import type { ScenarioFigures } from '../report/report-schema.ts';
import { worryLimits } from '../thresholds.ts';
import { cannotTell, type PatternAnswer } from './pattern.ts';

/** Does throughput stand still from one number of workers to the next although half of the CPU is left? */
export function flatThroughput(runs: readonly ScenarioFigures[], isFixedRate: boolean): PatternAnswer {
  const valid = runs.filter((run) => run.status.tier !== null);
  if (!isFixedRate && runs.length > 1 && valid.length < 2) {
    return cannotTell(`${valid.length} of ${runs.length} runs are valid, two are needed`);
  }
  const { standsStill, observed } = growth(valid, isFixedRate);
  const evidence = valid
    .filter(({ cpuCapacityShare }) => cpuCapacityShare !== null)
    .sort((a, b) => a.concurrency - b.concurrency)
    .map((run) => ({
      metric: `CPU with ${run.concurrency} workers`,
      value: (run.cpuCapacityShare as number) * 100,
      unit: '%',
      threshold: worryLimits.plateauCpuShare * 100,
      source: run.runId,
    }));
  switch (standsStill) {
    case 'unknown':
      return { verdict: 'insufficient-data', told: observed, evidence };
    case 'yes':
      return { verdict: 'found', told: `${observed}: it is not its CPU that holds it back`, evidence };
    case 'no':
      return { verdict: 'clear', told: observed, evidence };
  }
}
