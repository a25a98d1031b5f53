import { describe, expect, it } from 'vitest';
import { type PerfDeath, perfFailure } from '../../../../src/lab/capture/perf/perf-failure.ts';

const death: PerfDeath = {
  spawnError: null,
  exitCode: 255,
  signal: null,
  stderr: '',
  targetLives: true,
  paranoid: 2,
  foreignPids: [],
};

/** As perf 6.1 writes it, shortened. */
const limited = `Error:
Access to performance monitoring and observability operations is limited.
Consider adjusting /proc/sys/kernel/perf_event_paranoid setting to open
perf_event_paranoid setting is 4:
`;

const cases: readonly [what: string, facts: Partial<PerfDeath>, code: string, says: RegExp][] = [
  ['no perf', { spawnError: 'ENOENT' }, 'not-installed', /apt-get install linux-perf/],
  ['a perf that may not be run', { spawnError: 'EACCES' }, 'died', /EACCES/],
  [
    'a wrapper without a perf for the kernel',
    { stderr: 'WARNING: perf not found for kernel 5.15.0-91\n\n  linux-tools-5.15.0-91-generic\n' },
    'not-installed',
    /running kernel.*linux-tools/,
  ],
  ['an old perf', { stderr: "Error: unknown option `control=fd:3,4'\n", exitCode: 129 }, 'too-old', /5\.10/],
  [
    'a setting that forbids all',
    { stderr: limited, paranoid: 4 },
    'paranoid',
    /perf_event_paranoid is 4 .*sysctl kernel\.perf_event_paranoid=1/,
  ],
  [
    "another user's process",
    { stderr: limited, foreignPids: [7, 8] },
    'no-permission',
    /process 7, 8 of another user/,
  ],
  [
    'a container without the call',
    { stderr: 'Error:\nFailure to open event: Operation not permitted\n', paranoid: -1 },
    'no-permission',
    /PERFMON.*"Failure to open event: Operation not permitted"/,
  ],
  [
    'a target that has just ended',
    { stderr: "Couldn't create thread/CPU maps: No such process\n" },
    'target-gone',
    /ended before/,
  ],
  ['a target that has ended without a word of perf', { targetLives: false }, 'target-gone', /ended before/],
  ['silence', {}, 'died', /exit code 255\): it wrote nothing/],
  [
    'a signal',
    { exitCode: null, signal: 'SIGSEGV', stderr: 'Events disabled\noops\n' },
    'died',
    /signal SIGSEGV\): "oops"/,
  ],
  ['a very long line', { stderr: 'x'.repeat(5000) }, 'died', /: "x{300}"$/],
];

describe('the end of perf is explained', () => {
  it.each(cases)('for %s', (_what, facts, code, says) => {
    const failure = perfFailure({ ...death, ...facts });
    expect(failure.code).toBe(code);
    expect(failure.reason).toMatch(says);
    expect(failure.reason).not.toContain('\n');
  });
});
