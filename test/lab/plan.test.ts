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
    const { scenario, sources } = planScenario({ preset, overrides: {}, cpuCount: 2 });
    expect(scenario).toMatchObject({ name: preset, concurrency, durationMs, ratePerSecond: 0 });
    expect(scenarioSchema.parse(scenario)).toEqual(scenario);
    expect(sources).toMatchObject({ concurrency: 'preset', swarmHashes: 'derived' });
  });

  it('lets what the user set win, and remembers from where', () => {
    const { scenario, sources } = planScenario({
      preset: 'heavy',
      overrides: {
        durationMs: { value: 6_000, source: 'flag' },
        numWant: { value: -1, source: 'environment' },
      },
      cpuCount: 2,
    });
    expect(scenario).toMatchObject({ durationMs: 6_000, numWant: -1, profileDurationMs: 5_000 });
    expect(sources).toMatchObject({
      durationMs: 'flag',
      numWant: 'environment',
      profileDurationMs: 'derived',
    });
  });

  it('has a source for every field but the name', () => {
    const { scenario, sources } = planScenario({ preset: 'light', overrides: {}, cpuCount: 2 });
    expect(Object.keys(sources).sort()).toEqual(
      Object.keys(scenario)
        .filter((field) => field !== 'name')
        .sort(),
    );
  });

  it('profiles for a third of the duration, at least 5 s', () => {
    expect(planScenario({ preset: 'stress', overrides: {}, cpuCount: 2 }).scenario.profileDurationMs).toBe(
      20_000,
    );
    expect(
      planScenario({
        preset: 'light',
        overrides: { durationMs: { value: 3_000, source: 'flag' } },
        cpuCount: 2,
      }).scenario.profileDurationMs,
    ).toBe(5_000);
  });

  it('sizes the pool so that swarms hold tens of peers, and never below one worker', () => {
    expect(planScenario({ preset: 'heavy', overrides: {}, cpuCount: 2 }).scenario.swarmHashes).toBe(100);
    expect(planScenario({ preset: 'light', overrides: {}, cpuCount: 2 }).scenario.swarmHashes).toBe(5);
  });

  it('leaves a core to the tracker', () => {
    expect(planScenario({ preset: 'heavy', overrides: {}, cpuCount: 2 }).scenario.loadThreads).toBe(1);
    expect(planScenario({ preset: 'heavy', overrides: {}, cpuCount: 1 }).scenario.loadThreads).toBe(1);
    expect(planScenario({ preset: 'heavy', overrides: {}, cpuCount: 64 }).scenario.loadThreads).toBe(4);
    const auto = { loadThreads: { value: 'auto', source: 'flag' } } as const;
    const plan = planScenario({ preset: 'heavy', overrides: auto, cpuCount: 3 });
    expect(plan.scenario.loadThreads).toBe(2);
    expect(plan.sources['loadThreads']).toBe('derived');
  });

  it('refuses a pool smaller than what one worker needs', () => {
    const small = () =>
      planScenario({
        preset: 'light',
        overrides: { swarmHashes: { value: 3, source: 'flag' } },
        cpuCount: 2,
      });
    expect(small).toThrow(LabError);
    expect(small).toThrow(/5 distinct hashes, the pool has 3/);
  });

  it('keeps a name of its own and what the config file sets', () => {
    const { scenario, sources } = planScenario({
      preset: 'medium',
      name: 'launch-day',
      overrides: { concurrency: { value: 500, source: 'config' } },
      cpuCount: 2,
    });
    expect(scenario).toMatchObject({ name: 'launch-day', concurrency: 500, durationMs: 30_000 });
    expect(scenarioSchema.parse(scenario)).toEqual(scenario);
    expect(sources['concurrency']).toBe('config');
  });

  it.each(['Launch', 'a b', '', '../x', 'a'.repeat(41), '-a'])(
    'knows no scenario by the name "%s"',
    (name) => {
      const { scenario } = planScenario({ preset: 'light', overrides: {}, cpuCount: 2 });
      expect(scenarioSchema.safeParse({ ...scenario, name }).success).toBe(false);
    },
  );

  const hashes = Array.from({ length: 8 }, (_, index) => `0${index}`.repeat(20));
  const infoHashes = { file: '/h.txt', hashes, source: 'flag' } as const;

  it('takes a list of info hashes as the pool', () => {
    const plan = planScenario({ preset: 'light', overrides: {}, cpuCount: 2, infoHashes });
    expect(plan.infoHashes).toEqual(hashes);
    expect(plan.scenario).toMatchObject({ swarmHashes: 8, infoHashesFile: '/h.txt' });
    expect(plan.sources).toMatchObject({ swarmHashes: 'derived', infoHashesFile: 'flag' });
  });

  it('takes the head of the list where the size of the pool is set', () => {
    const overrides = { swarmHashes: { value: 6, source: 'config' } } as const;
    const plan = planScenario({ preset: 'light', overrides, cpuCount: 2, infoHashes });
    expect(plan.infoHashes).toEqual(hashes.slice(0, 6));
    expect(plan.scenario.swarmHashes).toBe(6);
  });

  it.each([
    ['a larger pool', { swarmHashes: { value: 9, source: 'flag' } }, /pool is to have 9, \/h\.txt holds 8/],
    ['more for a worker', { hashesPerWorker: { value: 9, source: 'flag' } }, /needs 9 .* \/h\.txt holds 8/],
  ] as const)('refuses %s than the list has', (_what, overrides, message) => {
    expect(() => planScenario({ preset: 'light', overrides, cpuCount: 2, infoHashes })).toThrow(message);
  });

  it('makes the pool from the seed where there is no list', () => {
    const plan = planScenario({ preset: 'light', overrides: {}, cpuCount: 2 });
    expect(plan.infoHashes).toBeNull();
    expect(plan.scenario.infoHashesFile).toBeNull();
  });

  it('refuses more load threads than workers', () => {
    expect(() =>
      planScenario({
        preset: 'light',
        overrides: { loadThreads: { value: 11, source: 'flag' } },
        cpuCount: 16,
      }),
    ).toThrow(/11 load threads cannot share 10 workers/);
  });
});
