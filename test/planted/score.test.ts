import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze/report/report-schema.ts';
import { accuracyPage } from './accuracy-page.ts';
import { confusionTable, plantTable, rates, variantTable } from './accuracy-table.ts';
import type { Plant } from './plant.ts';
import { type Outcome, score, variantFits } from './score.ts';

type Finding = Report['findings'][number];

const sick: Plant = {
  id: 'sick',
  runtime: 'node',
  mistake: 'a hot loop, in `spin`',
  expected: {
    rule: 'cpu-hot-function',
    functions: ['spin'],
    also: [{ rule: 'gc-pressure', functions: ['make'], reason: 'half of it is the collector' }],
  },
};
const healthy: Plant = { id: 'healthy', runtime: 'go', mistake: 'none', expected: null };
const overloaded: Plant = {
  id: 'overloaded',
  runtime: 'c',
  mistake: 'none',
  expected: { rule: 'generator-limited', functions: [] },
};

function finding(rule: Finding['rule'], changes: Partial<Finding> = {}): Finding {
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

function outcome(plant: Plant, findings: readonly Finding[], changes: Partial<Outcome> = {}): Outcome {
  const judged = score(plant, { valid: true, findings });
  return { plant: plant.id, scale: 1, reason: null, runFolder: null, ...judged, ...changes };
}

describe('the score of a run', () => {
  it('is right where the first finding has the planted rule and function', () => {
    const first = finding('cpu-hot-function');
    const second = finding('logging');
    expect(outcome(sick, [first, second])).toMatchObject({ firstRight: true, functionRight: true });
    expect(outcome(sick, [second, first])).toMatchObject({ firstRight: false, functionRight: false });
  });

  it('takes findings that are clear for none', () => {
    const clear = finding('logging', { verdict: 'clear' });
    expect(outcome(sick, [clear, finding('cpu-hot-function')]).firstRight).toBe(true);
    expect(outcome(sick, [clear])).toMatchObject({ firstRight: false, rule: null, found: [] });
  });

  it('has a right rule with a wrong function, and another answer that is right too', () => {
    const other = finding('cpu-hot-function', { subject: { function: 'onMessage', file: null, line: null } });
    expect(outcome(sick, [other])).toMatchObject({ firstRight: true, functionRight: false });
    const also = finding('gc-pressure', { subject: { function: 'make', file: null, line: null } });
    expect(outcome(sick, [also])).toMatchObject({ firstRight: true, functionRight: true });
  });

  it('gives an alarm on a healthy tracker from a warning on, and not for a remark', () => {
    expect(outcome(healthy, [finding('syscall-bound', { severity: 'info' })]).firstRight).toBe(true);
    expect(outcome(healthy, [finding('syscall-bound')])).toMatchObject({
      firstRight: false,
      rule: 'syscall-bound',
    });
  });

  it('judges an invalid run only where the plant is about the load', () => {
    const limited = finding('generator-limited', { severity: 'critical', share: null, subject: null });
    const invalid = { valid: false, findings: [limited] };
    expect(score(sick, invalid)).toMatchObject({ kind: 'invalid', firstRight: false });
    expect(score(healthy, invalid)).toMatchObject({ kind: 'invalid', firstRight: false });
    expect(score(overloaded, invalid)).toMatchObject({
      kind: 'judged',
      firstRight: true,
      functionRight: null,
    });
    expect(score(overloaded, { valid: false, findings: [] })).toMatchObject({ kind: 'invalid' });
  });
});

describe('a variant', () => {
  const written = outcome(sick, [finding('cpu-hot-function')]);
  const critical = outcome(sick, [finding('cpu-hot-function', { severity: 'critical' })]);

  it('of double cost stays first and grows no milder', () => {
    const double = { scale: 2 };
    expect(variantFits(sick, written, outcome(sick, [finding('cpu-hot-function')], double))).toBe(true);
    const milder = finding('cpu-hot-function', { severity: 'info' });
    expect(variantFits(sick, written, outcome(sick, [milder], double))).toBe(false);
    expect(variantFits(sick, written, outcome(sick, [finding('logging')], double))).toBe(false);
  });

  it('of half the cost may lose a warning and must keep a critical finding, first or not', () => {
    const lost = outcome(sick, [], { scale: 0.5 });
    expect(variantFits(sick, written, lost)).toBe(true);
    expect(variantFits(sick, critical, lost)).toBe(false);
    const second = outcome(sick, [finding('logging'), finding('cpu-hot-function')], { scale: 0.5 });
    expect(variantFits(sick, critical, second)).toBe(true);
  });
});

describe('the tables', () => {
  const all = [sick, healthy, overloaded];
  const outcomes = [
    outcome(sick, [finding('cpu-hot-function')]),
    outcome(sick, [finding('logging')]),
    outcome(sick, [finding('cpu-hot-function')], { scale: 2 }),
    outcome(healthy, []),
    outcome(healthy, [finding('syscall-bound')]),
    outcome(overloaded, [], { kind: 'skipped', reason: 'gcc is not installed' }),
  ];

  it('count runs as written, alarms, repeats and variants apart, and leave out what was skipped', () => {
    expect(rates(all, outcomes)).toEqual({
      first: { right: 1, of: 2 },
      strict: { right: 1, of: 2 },
      function: { right: 1, of: 2 },
      falseAlarms: { right: 1, of: 2 },
      repeated: { right: 0, of: 2 },
      variants: { right: 1, of: 1 },
      invalid: 0,
      failed: 0,
      skipped: 1,
    });
  });

  it('count a run that stayed invalid or failed as not right', () => {
    const void1 = outcome(sick, [], { kind: 'invalid', firstRight: false });
    const void2 = outcome(sick, [], { kind: 'failed', firstRight: false });
    expect(rates(all, [void1, void2])).toMatchObject({
      first: { right: 0, of: 2 },
      invalid: 1,
      failed: 1,
    });
  });

  it('show failures: what was planted against what was found', () => {
    expect(confusionTable(all, outcomes)).toMatch(/cpu-hot-function +\| 1 +\| 1 +\|/);
    expect(plantTable(all, outcomes)).toMatch(/sick .*\| logging +\| spin .*\| 1\/2 +\| 1\/2 /);
    expect(plantTable(all, outcomes)).toMatch(/overloaded .*skipped: gcc is not installed/);
    expect(variantTable(all, outcomes)).toMatch(/sick +\| 2 .*\| yes /);
    expect(variantTable(all, [])).toBe('');
  });

  it('stand on the page with how to run it', () => {
    const page = accuracyPage({ plants: all, outcomes, machine: 'a CPU, 2 cores' });
    expect(page).toContain('npm run accuracy');
    expect(page).toContain('a CPU, 2 cores');
    expect(page).toContain(plantTable(all, outcomes));
  });
});
