import { describe, expect, it } from 'vitest';
import { accuracyPage } from './accuracy-page.ts';
import { confusionTable, plantTable, rates, variantTable, wrongTable } from './accuracy-table.ts';
import { finding, healthy, outcome, overloaded, sick } from './drawn-outcomes.ts';
import { judgeVariant, score } from './score.ts';

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
  const written = [outcome(sick, [finding('cpu-hot-function', { share: 0.4, severity: 'info' })])];
  const judged = (scale: number, ...findings: Parameters<typeof outcome>[1]) =>
    judgeVariant(sick, written, outcome(sick, findings, { scale }));

  it('of double cost stays first and grows no milder', () => {
    const warned = finding('cpu-hot-function', { severity: 'warning' });
    expect(judged(2, warned).fits).toBe(true);
    expect(judged(2, finding('logging'), warned).fits).toBe(false);
    expect(judged(2).fits).toBe(false);
    const loud = [outcome(sick, [warned])];
    const milder = outcome(sick, [finding('cpu-hot-function', { severity: 'info' })], { scale: 2 });
    expect(judgeVariant(sick, loud, milder).fits).toBe(false);
  });

  it('of half the cost keeps what its share keeps above the limit, first or not', () => {
    const remark = finding('cpu-hot-function', { severity: 'info' });
    expect(judged(0.5, remark).fits).toBe(true);
    expect(judged(0.5, finding('logging'), remark).fits).toBe(true);
    expect(judged(0.5).fits).toBe(false);
    expect(judged(0.5, finding('logging')).fits).toBe(false);
  });

  it('of half the cost is no louder than its share allows', () => {
    expect(judged(0.5, finding('cpu-hot-function', { severity: 'warning' })).fits).toBe(false);
  });

  it('told by another rule that is right too is asked to be told, not how loud', () => {
    const also = finding('gc-pressure', {
      severity: 'critical',
      subject: { function: 'make', file: null, line: null },
    });
    expect(judged(0.5, also).fits).toBe(true);
  });

  it('does not fit where it is invalid, or where the plant as written was not told', () => {
    const invalid = outcome(sick, [], { scale: 0.5, kind: 'invalid' });
    expect(judgeVariant(sick, written, invalid).fits).toBe(false);
    const kept = outcome(sick, [finding('cpu-hot-function')], { scale: 0.5 });
    expect(judgeVariant(sick, [outcome(sick, [])], kept)).toEqual({ fits: false, expectation: null });
  });
});

describe('the tables', () => {
  const all = [sick, healthy, overloaded];
  const outcomes = [
    outcome(sick, [finding('cpu-hot-function')]),
    outcome(sick, [finding('logging', { summary: 'it logs' })]),
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
      variantsThatCanFail: 1,
      madeAgain: 0,
      invalid: 0,
      failed: 0,
      skipped: 1,
    });
  });

  it('do not count runs made again where that was not recorded', () => {
    const { disturbedBefore: _, ...older } = outcome(sick, []);
    expect(rates(all, [older]).madeAgain).toBeNull();
    expect(rates(all, [{ ...older, disturbedBefore: 'others took CPU' }]).madeAgain).toBe(1);
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
    expect(variantTable(all, outcomes)).toMatch(/sick +\| 2 .*\| yes +\|$/m);
    expect(variantTable(all, [])).toBe('');
  });

  it('name each outcome that was not right: what it said, and why', () => {
    const misfit = outcome(sick, [], { scale: 0.5 });
    const disturbed = outcome(healthy, [], { kind: 'invalid', firstRight: false, reason: 'foreign load' });
    const table = wrongTable(all, [...outcomes, misfit, disturbed]);
    expect(table.split('\n').slice(2)).toEqual([
      expect.stringMatching(/first +\| sick +\| cpu-hot-function spin +\| logging spin +\| it logs +\|/),
      expect.stringMatching(/healthy +\| nothing +\| syscall-bound spin +\|/),
      expect.stringMatching(/sick, cost 0.5 +\| cpu-hot-function spin +\| nothing +\| not known +\|/),
      expect.stringMatching(/healthy +\| nothing +\| invalid +\| foreign load +\|/),
    ]);
    expect(wrongTable(all, [outcome(healthy, [])])).toBe('');
  });

  it('stand on the page with how to run it', () => {
    const page = accuracyPage({ plants: all, outcomes, machine: 'a CPU, 2 cores' });
    expect(page).toContain('npm run accuracy');
    expect(page).toContain('a CPU, 2 cores');
    expect(page).toContain(plantTable(all, outcomes));
  });
});
