import { describe, expect, it } from 'vitest';
import { LabError } from '../../src/errors.ts';
import { planScenario } from '../../src/lab/plan.ts';
import { scenarioSchema } from '../../src/run.ts';

describe('planScenario', () => {
  it.each([
    ['light', 10, 30_000],
    ['medium', 100, 30_000],
    ['heavy', 1_000, 30_000],
    ['stress', 10_000, 60_000],
  ] as const)('gives %s its %i workers for %i ms', (preset, concurrency, durationMs) => {
    const { scenario, sources } = planScenario(preset, {}, 2);
    expect(scenario).toMatchObject({ name: preset, concurrency, durationMs, ratePerSecond: 0 });
    expect(scenarioSchema.parse(scenario)).toEqual(scenario);
    expect(sources).toMatchObject({ concurrency: 'preset', swarmHashes: 'derived' });
  });

  it('lets what the user set win, and remembers from where', () => {
    const { scenario, sources } = planScenario(
      'heavy',
      {
        durationMs: { value: 6_000, source: 'flag' },
        numWant: { value: -1, source: 'environment' },
      },
      2,
    );
    expect(scenario).toMatchObject({ durationMs: 6_000, numWant: -1, profileDurationMs: 5_000 });
    expect(sources).toMatchObject({
      durationMs: 'flag',
      numWant: 'environment',
      profileDurationMs: 'derived',
    });
  });

  it('has a source for every field but the name', () => {
    const { scenario, sources } = planScenario('light', {}, 2);
    expect(Object.keys(sources).sort()).toEqual(
      Object.keys(scenario)
        .filter((field) => field !== 'name')
        .sort(),
    );
  });

  it('profiles for a third of the duration, at least 5 s', () => {
    expect(planScenario('stress', {}, 2).scenario.profileDurationMs).toBe(20_000);
    expect(
      planScenario('light', { durationMs: { value: 3_000, source: 'flag' } }, 2).scenario.profileDurationMs,
    ).toBe(5_000);
  });

  it('sizes the pool so that swarms hold tens of peers, and never below one worker', () => {
    expect(planScenario('heavy', {}, 2).scenario.swarmHashes).toBe(100);
    expect(planScenario('light', {}, 2).scenario.swarmHashes).toBe(5);
  });

  it('leaves a core to the tracker', () => {
    expect(planScenario('heavy', {}, 2).scenario.loadThreads).toBe(1);
    expect(planScenario('heavy', {}, 1).scenario.loadThreads).toBe(1);
    expect(planScenario('heavy', {}, 64).scenario.loadThreads).toBe(4);
  });

  it('refuses a pool smaller than what one worker needs', () => {
    const small = () => planScenario('light', { swarmHashes: { value: 3, source: 'flag' } }, 2);
    expect(small).toThrow(LabError);
    expect(small).toThrow(/5 distinct hashes, the pool has 3/);
  });

  it('refuses more load threads than workers', () => {
    expect(() => planScenario('light', { loadThreads: { value: 11, source: 'flag' } }, 16)).toThrow(
      /11 load threads cannot share 10 workers/,
    );
  });
});
