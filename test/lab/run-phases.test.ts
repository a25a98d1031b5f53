import { describe, expect, it, vi } from 'vitest';
import type { ProfileSource } from '../../src/lab/capture/profile-source.ts';
import { Interruption } from '../../src/lab/interruption.ts';
import type { Load, LoadResult } from '../../src/lab/load/load-pool.ts';
import { planScenario } from '../../src/lab/plan.ts';
import { type PhasesOptions, plannedLengthMs, runPhases } from '../../src/lab/run-phases.ts';

const given = (value: number) => ({ value, source: 'flag' as const });
const { scenario } = planScenario({
  preset: 'light',
  overrides: { warmupMs: given(10), durationMs: given(20), profileDurationMs: given(60_000) },
  cpuCount: 2,
});
const load: LoadResult = {
  phases: [],
  histograms: [],
  latencySlices: null,
  lostThreads: { count: 0, clientShare: 0, causes: [] },
};
const pool: Load = {
  leadMs: 0,
  beginPhase: () => undefined,
  endSending: () => undefined,
  stop: () => Promise.resolve(load),
  abort: () => Promise.resolve(load),
};

const never = new Promise<never>(() => undefined);
const source: ProfileSource = {
  name: 'a test',
  kinds: ['cpu', 'mutex', 'block'],
  start: () => Promise.resolve([{ kind: 'mutex', reason: 'it is off' }]),
  stop: () => never,
};

async function interruptedIn(sources: readonly ProfileSource[], onMissing?: PhasesOptions['onMissing']) {
  const operator = new AbortController();
  vi.useFakeTimers();
  try {
    const result = runPhases({
      scenario,
      pool,
      directory: '/nowhere',
      warmupSource: null,
      sources,
      ...(onMissing && { onMissing }),
      interruption: new Interruption(operator.signal),
      onPhaseEdge: () => undefined,
      onPhase: (phase) => {
        if (phase === 'profiled') setTimeout(() => operator.abort('SIGINT'), 100);
      },
    });
    await vi.advanceTimersByTimeAsync(4_000);
    return await Promise.race([result, Promise.resolve(null)]);
  } finally {
    vi.useRealTimers();
  }
}

describe('an interrupted run', () => {
  it('waits for its profiles for some seconds, and tells of each that it then left', async () => {
    const result = await interruptedIn([source]);
    expect(result?.profiles).toEqual([]);
    expect(result?.missingProfiles).toEqual([
      { kind: 'mutex', reason: 'it is off' },
      { kind: 'cpu', reason: 'the run ended before it was written' },
      { kind: 'block', reason: 'the run ended before it was written' },
    ]);
  });

  it('tells of each when it is known', async () => {
    const told: string[][] = [];
    await interruptedIn([source], (missing) => told.push(missing.map(({ kind }) => kind)));
    expect(told).toEqual([['mutex'], ['cpu', 'block']]);
  });

  it('does not wait for a source that is still starting either', async () => {
    const result = await interruptedIn([{ ...source, start: () => never }]);
    expect(result?.missingProfiles.map(({ kind }) => kind)).toEqual(['cpu', 'mutex', 'block']);
  });

  it('keeps what a source wrote in time', async () => {
    const written = { files: [], missing: [{ kind: 'cpu' as const, reason: 'no sample' }] };
    const result = await interruptedIn([{ ...source, stop: () => Promise.resolve(written) }]);
    expect(result?.missingProfiles.map(({ reason }) => reason)).toEqual(['it is off', 'no sample']);
  });
});

describe('the planned length of a run', () => {
  it('counts the pause after the live heap, and the profiled phase only where there is one', () => {
    expect(plannedLengthMs(scenario, { warmupSource: null, sources: [] })).toBe(30);
    expect(plannedLengthMs(scenario, { warmupSource: null, sources: [source] })).toBe(60_030);
    expect(plannedLengthMs(scenario, { warmupSource: source, sources: [source] })).toBe(60_530);
  });
});
