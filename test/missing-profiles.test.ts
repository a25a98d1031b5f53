import { describe, expect, it } from 'vitest';
import { describeMissingProfiles } from '../src/missing-profiles.ts';

describe('profiles that are not there', () => {
  it('are told in one sentence for each reason', () => {
    expect(
      describeMissingProfiles(
        [
          { kind: 'cpu', reason: 'nothing listens' },
          { kind: 'perf', reason: 'perf is not installed' },
          { kind: 'mutex', reason: 'nothing listens' },
          { kind: 'block', reason: 'nothing listens.' },
        ],
        new Set(),
      ),
    ).toEqual([
      'No cpu, mutex and block profile: nothing listens.',
      'No perf profile: perf is not installed.',
    ]);
  });

  it('are told by their cause, without what Go says of each', () => {
    const reason =
      'it holds no sample over the phase: no mutex fraction set (runtime.SetMutexProfileFraction)';
    expect(describeMissingProfiles([{ kind: 'mutex', reason }], new Set())).toEqual([
      'No mutex profile: no mutex fraction set (runtime.SetMutexProfileFraction).',
    ]);
  });

  it('are told from those that lack a part', () => {
    const missing = [
      { kind: 'perf', reason: 'perf.pb.gz: no kernel frames' },
      { kind: 'cpu', reason: 'worker 3: it gave no answer' },
    ] as const;
    expect(describeMissingProfiles(missing, new Set(['cpu']))).toEqual([
      'The perf profile lacks something: no kernel frames.',
      'The cpu profile lacks something: worker 3: it gave no answer.',
    ]);
  });
});
