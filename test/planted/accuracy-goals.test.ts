import { describe, expect, it } from 'vitest';
import { missedGoals } from './accuracy-goals.ts';
import { accuracyPage } from './accuracy-page.ts';
import { finding, healthy, outcome, overloaded, sick } from './drawn-outcomes.ts';
import type { Plant } from './plant.ts';
import type { Outcome } from './score.ts';

const all: readonly Plant[] = [sick, healthy];
const once = { plants: all, repeats: false, variants: false };
const hot = finding('cpu-hot-function', { share: 0.4, severity: 'info' });
const right = [outcome(sick, [hot]), outcome(healthy, [])];
const second = { run: 'second', at: '2026-01-03T04:05:06.000Z', commit: 'def5678', judgedBy: 'fed8765' };
const inSecond = (outcomes: readonly Outcome[]) => outcomes.map((one) => ({ ...one, made: second }));

describe('the goals', () => {
  it('are reached by right answers and no alarm', () => {
    expect(missedGoals(all, right, once)).toEqual([]);
  });

  it('are missed where nothing was run, or a plant that was asked for was not', () => {
    expect(missedGoals(all, [], once)).toEqual(['nothing was run']);
    expect(missedGoals(all, [outcome(sick, [hot])], once)).toEqual([
      'first: not run: healthy',
      'first: false alarms: no healthy tracker was judged',
    ]);
    expect(missedGoals(all, [outcome(healthy, [])], once)).toEqual([
      'first: not run: sick',
      'first: first finding right: none run',
      'first: function named right: none run',
    ]);
  });

  it('ask nothing of what was not asked for, and of what cannot be run here', () => {
    expect(missedGoals(all, [outcome(sick, [hot])], { ...once, plants: [sick] })).toEqual([]);
    const skipped = outcome(overloaded, [], { kind: 'skipped', firstRight: false });
    expect(
      missedGoals([...all, overloaded], [...right, skipped], { ...once, plants: [...all, overloaded] }),
    ).toEqual([]);
  });

  it('are missed by a wrong rule, a wrong function, an alarm, and a run that stayed invalid', () => {
    expect(missedGoals(all, [outcome(sick, [finding('logging')]), outcome(healthy, [])], once)).toEqual([
      'first: first finding right: 0 of 1',
      'first: function named right: 0 of 1',
    ]);
    const other = finding('cpu-hot-function', { subject: { function: 'send', file: null, line: null } });
    expect(missedGoals(all, [outcome(sick, [other]), outcome(healthy, [])], once)).toEqual([
      'first: function named right: 0 of 1',
    ]);
    const alarm = outcome(healthy, [finding('logging')]);
    expect(missedGoals(all, [outcome(sick, [hot]), alarm], once)).toEqual(['first: false alarms: 1 of 1']);
    const invalid = outcome(healthy, [], { kind: 'invalid', firstRight: false });
    expect(missedGoals(all, [outcome(sick, [hot]), invalid], once)).toEqual([
      'first: false alarms: no healthy tracker was judged',
    ]);
  });

  it('hold repeats where they were asked for, and where there are some', () => {
    const repeated = { ...once, repeats: true };
    expect(missedGoals(all, right, repeated)).toEqual([
      'first: same answer in each pass: none run',
      'first: run once only: sick, healthy',
    ]);
    expect(missedGoals(all, [...right, ...right], repeated)).toEqual([]);
    const also = finding('gc-pressure', { subject: { function: 'make', file: null, line: null } });
    const otherwise = [...right, outcome(sick, [also]), outcome(healthy, [])];
    expect(missedGoals(all, otherwise, repeated)).toEqual(['first: same answer in each pass: 1 of 2']);
    expect(missedGoals(all, otherwise, once)).toEqual(['first: same answer in each pass: 1 of 2']);
  });

  it('hold variants where they were asked for, and where there are some', () => {
    const asked = { ...once, variants: true };
    expect(missedGoals(all, right, asked)).toEqual(['variants fit: none run']);
    const double = outcome(sick, [hot], { scale: 2 });
    const lost = outcome(sick, [], { scale: 0.5 });
    expect(missedGoals(all, [...right, double], asked)).toEqual(['first: variants not run: sick x0.5']);
    expect(missedGoals(all, [...right, double, lost], asked)).toEqual(['first: variants fit: 1 of 2']);
    expect(missedGoals(all, [...right, double, lost], once)).toEqual(['first: variants fit: 1 of 2']);
    expect(missedGoals(all, [...right, double, outcome(sick, [hot], { scale: 0.5 })], asked)).toEqual([]);
  });

  it('are held by each run by itself', () => {
    const wrong = inSecond([outcome(sick, []), outcome(healthy, [])]);
    const twentyRight = Array.from({ length: 20 }, () => outcome(sick, [hot]));
    expect(
      missedGoals(all, [...twentyRight, outcome(healthy, []), outcome(healthy, []), ...wrong], once),
    ).toContain('second: first finding right: 0 of 1');
  });
});

describe('the page', () => {
  const page = accuracyPage({
    plants: [...all, overloaded],
    outcomes: [
      ...right,
      outcome(sick, [hot], { scale: 2 }),
      ...inSecond([outcome(sick, [finding('logging')])]),
    ],
    machine: 'a CPU, 2 cores',
  });

  it('shows each run with its date, its commit, its passes and its rates', () => {
    expect(page).toMatch(/\| +\| first +\| second +\| all +\| goal/);
    expect(page).toMatch(
      /first finding right +\| 1 of 1 \(100.0 %\) +\| 0 of 1 \(0.0 %\) +\| 1 of 2 \(50.0 %\)/,
    );
    expect(page).toMatch(/\| first +\| 2026-01-02 03:04 +\| 2026-01-02 03:04 +\| abc1234 +\| - +\| 1 +\| 3 /);
    expect(page).toMatch(
      /\| second +\| 2026-01-03 04:05 +\| 2026-01-03 04:05 +\| def5678 +\| fed8765 +\| 1 +\| 1 /,
    );
  });

  it('lists what was not right, and the plants without variants', () => {
    expect(page).toMatch(/\| second +\| sick +\| cpu-hot-function spin +\| logging spin/);
    expect(page).toMatch(/\| overloaded +\| none +\| nothing is planted in the tracker/);
  });
});
