/** Plants and outcomes that were drawn, for the tests of the score. */
import type { Report } from '../../src/analyze/report/report-schema.ts';
import type { Plant } from './plant.ts';
import { type Outcome, score } from './score.ts';

type Finding = Report['findings'][number];

export const sick: Plant = {
  id: 'sick',
  runtime: 'node',
  mistake: 'a hot loop, in `spin`',
  expected: {
    rule: 'cpu-hot-function',
    functions: ['spin'],
    also: [{ rule: 'gc-pressure', functions: ['make'], reason: 'half of it is the collector' }],
  },
};
export const healthy: Plant = { id: 'healthy', runtime: 'go', mistake: 'none', expected: null };
export const overloaded: Plant = {
  id: 'overloaded',
  runtime: 'c',
  mistake: 'none',
  expected: { rule: 'generator-limited', functions: [] },
  variants: { scales: [], reason: 'nothing is planted in the tracker' },
};

export function finding(rule: Finding['rule'], changes: Partial<Finding> = {}): Finding {
  return {
    rule,
    verdict: 'found',
    severity: 'warning',
    confidence: 'high',
    share: 0.5,
    subject: { function: 'spin', file: 'a.mjs', line: 1 },
    summary: '',
    evidence: [],
    advice: [],
    ...changes,
  } as Finding;
}

/** Of the run `first`, where nothing else is said. */
export function outcome(plant: Plant, findings: readonly Finding[], changes: Partial<Outcome> = {}): Outcome {
  const judged = score(plant, { valid: true, findings });
  const made = { run: 'first', at: '2026-01-02T03:04:05.000Z', commit: 'abc1234', judgedBy: 'abc1234' };
  const labels = { plant: plant.id, scale: 1, reason: null, runFolder: null, made, disturbedBefore: null };
  return { ...labels, ...judged, ...changes };
}
