import { describe, expect, it } from 'vitest';
import { type RunParts, toRun } from '../../src/lab/to-run.ts';

/** A run without any profile; only what the reasons are made of. */
function partsOf(target: { kind: string; runtime: string | null }, profileDurationMs = 5000): RunParts {
  return {
    target,
    plan: { scenario: { profileDurationMs }, sources: {} },
    load: { histograms: [], phases: [], lostThreads: { count: 0, clientShare: 0, causes: [] } },
    profiles: [],
    missingProfiles: [{ kind: 'perf', reason: 'perf is not installed' }],
    end: null,
    interruption: null,
    notes: [],
  } as unknown as RunParts;
}

function reasons(parts: RunParts): string[] {
  return [...new Set(toRun(parts).run.missingProfiles.map(({ reason }) => reason))];
}

describe('a profile that nobody told of', () => {
  it('is missing with the reason that fits the target', () => {
    expect(reasons(partsOf({ kind: 'command', runtime: null }))).toEqual([
      'perf is not installed',
      'no profiler is in this program: the lab brings one into Node.js, and reads a Go program by --pprof',
    ]);
    expect(reasons(partsOf({ kind: 'command', runtime: 'Node.js v20.20.2' }))).toContain(
      'its profiler did not answer',
    );
    expect(reasons(partsOf({ kind: 'address', runtime: null }))).toContain(
      'the lab did not start this tracker, so no profiler is in it',
    );
    expect(reasons(partsOf({ kind: 'own', runtime: 'Node.js v20.20.2' }, 0))).toContain(
      'no profile was asked for (--profile-duration 0)',
    );
  });
});
