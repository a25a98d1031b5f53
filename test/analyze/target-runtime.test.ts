import { describe, expect, it } from 'vitest';
import { isGoRuntime, type TargetRuntime, targetRuntime } from '../../src/analyze/target-runtime.ts';
import { usableCores } from '../../src/analyze/used-capacity.ts';
import { goCpu, healthyCpu, nativePerf } from './drawn-profiles.ts';
import { type SyntheticOptions, syntheticEvidence } from './synthetic-run.ts';

const unknown = { kind: 'command', runtime: null } as const;

const nativeUnsampled: SyntheticOptions = {
  target: unknown,
  profiles: { perf: nativePerf },
  without: ['process'],
};

function atWork(running: (index: number) => number): NonNullable<SyntheticOptions['process']> {
  return (_, index) => ({
    threads: 9,
    threadStates: { running: running(index), asleep: 6, uninterruptible: 0 },
  });
}

describe('the runtime of a target', () => {
  it.each<[TargetRuntime, string, SyntheticOptions]>([
    ['node', 'its name', { target: { runtime: 'Node.js v26.1.0' } }],
    ['go', 'its name', { target: { runtime: 'go1.26.8' } }],
    ['native', 'its name', { target: { runtime: 'rustc 1.90' } }],
    ['node', 'being our own', { target: { kind: 'own', runtime: null } }],
    ['node', 'its frames', { target: unknown, profiles: { perf: nativePerf, cpu: healthyCpu } }],
    ['go', 'its frames', { target: unknown, profiles: { perf: goCpu } }],
    ['native', 'its frames', { target: unknown, profiles: { perf: nativePerf } }],
    ['native', 'nothing', { target: unknown }],
  ])('is %s by %s', (runtime, _, options) => {
    expect(targetRuntime(syntheticEvidence(options))).toBe(runtime);
  });

  it('is Go by a version and not by the first letters', () => {
    expect(['go1.26.8', 'Go 1.26', 'go'].map(isGoRuntime)).toEqual([true, true, true]);
    expect(['Gollum 1', 'Node.js v20', null].map(isGoRuntime)).toEqual([false, false, false]);
  });
});

describe('the cores that a target can use', () => {
  const fourCores = (options: SyntheticOptions): SyntheticOptions => {
    const { environment } = syntheticEvidence().run;
    return {
      ...options,
      target: { ...options.target, workers: null },
      run: { environment: { ...environment, cpuCount: 4, pinning: null } },
    };
  };

  it.each<[string, number, SyntheticOptions]>([
    ['a Node program, its profiled threads', 1, { profiles: { cpu: healthyCpu } }],
    ['a Go program, all', 4, { target: { runtime: 'go1.26.8' }, profiles: { cpu: goCpu } }],
    ['a native program that was not sampled, the threads that perf saw', 1, nativeUnsampled],
    ['a native program, those that have work at once', 3, { target: unknown, process: atWork(() => 3) }],
    [
      'a native program of one busy thread, one, whatever else wakes now and then',
      1,
      {
        target: unknown,
        profiles: { perf: nativePerf },
        process: atWork((index) => (index % 30 === 0 ? 4 : 1)),
      },
    ],
    [
      'a tracker that runs already, all, for the lab pins only what it starts',
      4,
      { target: { kind: 'address', runtime: 'go1.26.8' } },
    ],
  ])('are of %s', (_, cores, options) => {
    expect(usableCores(syntheticEvidence(fourCores(options)))).toBe(cores);
  });
});
