import { describe, expect, it } from 'vitest';
import { finding, outcome, sick } from './drawn-outcomes.ts';
import { plants } from './manifest.ts';
import { type Plant, variantScales } from './plant.ts';
import type { Answer } from './score.ts';
import { isWithin, variantExpectation, writtenAnswer } from './variant-expectation.ts';

function answer(rule: Answer['rule'], changes: Partial<Answer> = {}): Answer {
  return { rule, severity: 'warning', share: null, figures: {}, ...changes };
}

const told = (written: Answer, scale: number, plant: Plant = sick) => {
  const { least, most, canFail } = variantExpectation(plant, written, scale);
  return `${least} to ${most}${canFail ? '' : ', cannot fail'}`;
};

describe('what a variant must be told as', () => {
  it('follows from the share of the CPU and the limits of its rule', () => {
    // 0.45 becomes 0.29 at half and 0.62 at double the cost; limits 0.1 and 0.5.
    const hot = answer('cpu-hot-function', { share: 0.45, severity: 'info' });
    expect(told(hot, 0.5)).toBe('info to info');
    expect(told(hot, 2)).toBe('info to warning');
    expect(told(answer('cpu-hot-function', { share: 0.5 }), 2)).toBe('warning to warning');
    // 0.2 becomes 0.11, near the limit of 0.1.
    expect(told(answer('cpu-hot-function', { share: 0.2, severity: 'info' }), 0.5)).toBe('nothing to info');
    // 0.12 becomes 0.064, which is clearly below it.
    expect(told(answer('cpu-hot-function', { share: 0.12, severity: 'info' }), 0.5)).toBe(
      'nothing to nothing',
    );
  });

  it('is critical no more where half of the share is clearly below its limit', () => {
    // 0.36 becomes 0.22; limits 0.1, 0.2 and a third.
    expect(told(answer('logging', { share: 0.36, severity: 'critical' }), 0.5)).toBe('info to warning');
  });

  it('has room where the share is but a part of what the mistake costs', () => {
    // Between 0.22, where it is all of it, and 0.36.
    expect(told(answer('gc-pressure', { share: 0.36, severity: 'critical' }), 0.5)).toBe('info to critical');
  });

  it('changes in step for waits, stalls, drops and errors', () => {
    const wait = (waitMs: number, cpu: number) =>
      answer('external-wait', {
        figures: {
          'latency beyond service and queue': waitMs,
          "tracker's CPU, used or waited for, share of what its threads can use": cpu,
        },
      });
    expect(told(wait(20, 20), 0.5)).toBe('warning to warning');
    expect(told(wait(1.2, 20), 0.5)).toBe('nothing to nothing');
    // The CPU may be used up when replies come twice as fast: then it is no wait any more.
    expect(told(wait(20, 60), 0.5)).toBe('nothing to warning');
    const stall = (longestMs: number, share: number) =>
      answer('event-loop-stall', { share, figures: { 'longest event-loop delay': longestMs } });
    expect(told(stall(120, 0.2), 0.5)).toBe('nothing to warning');
    expect(told(stall(220, 0.2), 0.5)).toBe('warning to critical');
    const drops = (percent: number) =>
      answer('receive-drops', { figures: { 'dropped, share of requests': percent }, severity: 'critical' });
    expect(told(drops(20), 0.5)).toBe('critical to critical');
    expect(told(drops(6), 0.5)).toBe('warning to warning');
  });

  it('is no milder at double the cost', () => {
    expect(told(answer('gc-pressure', { share: 0.1, severity: 'warning' }), 2)).toBe('warning to warning');
  });

  it('decides nothing by a figure that the outcome does not have', () => {
    expect(told(answer('external-wait'), 0.5)).toBe('nothing to critical, cannot fail');
  });

  it('knows that a mistake on a core of its own leaves CPU unused', () => {
    const helped: Plant = { ...sick, variants: { scales: [0.5], reason: 'a whole core', hasOwnCore: true } };
    const used = { "tracker's CPU, share of what its threads can use": 98 };
    const hot = answer('cpu-hot-function', { share: 0.4, severity: 'info', figures: used });
    expect(told(hot, 0.5, helped)).toBe('nothing to info');
    expect(told(hot, 0.5)).toBe('info to info');
  });

  it('allows the levels between its ends', () => {
    const between = { least: 'info', most: 'warning', canFail: true } as const;
    expect(
      ['nothing', 'info', 'warning', 'critical'].map((level) => isWithin(level as 'info', between)),
    ).toEqual([false, true, true, false]);
  });
});

describe('the answer that variants are held against', () => {
  it('is the median by share of the right ones as written', () => {
    const hot = (share: number) => outcome(sick, [finding('cpu-hot-function', { share })]);
    const others = [outcome(sick, [finding('logging', { share: 0.9 })]), { ...hot(0.8), scale: 2 }];
    expect(writtenAnswer([hot(0.6), hot(0.2), hot(0.3), ...others])?.share).toBe(0.3);
    expect(writtenAnswer(others)).toBeNull();
  });

  it('holds the figures of its evidence, the first of a name', () => {
    const line = (value: number) => ({ metric: 'a', value, unit: 'ms', threshold: null, source: 'b' });
    const hot = finding('cpu-hot-function', { evidence: [line(1), line(2)] });
    expect(outcome(sick, [hot]).answer?.figures).toEqual({ a: 1 });
  });
});

it('each plant has both variants or says why not', () => {
  const partly = plants.filter((plant) => plant.expected !== null && variantScales(plant).length < 2);
  expect(partly.every(({ variants }) => (variants?.reason ?? '') !== '')).toBe(true);
  expect(partly.length).toBeLessThan(4);
});
