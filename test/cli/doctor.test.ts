import { describe, expect, it } from 'vitest';
import { describeChecks } from '../../src/cli/doctor-command.ts';
import type { Check } from '../../src/lab/doctor/judge-machine.ts';
import { packageRoot } from '../../src/package-root.ts';
import { command } from './command.ts';

describe('doctor', () => {
  it('checks this machine and exits by what it found', async () => {
    const { stdout, stderr, exitCode } = await command(['doctor', '--json'], packageRoot);
    expect(stderr).toBe('');
    const { checks } = JSON.parse(stdout) as { checks: Check[] };
    expect(checks.length).toBe(12);
    for (const { name, state, found, wanted, matter } of checks) {
      expect(['ok', 'warn', 'fail']).toContain(state);
      for (const text of [name, found, wanted, matter]) expect(text).not.toMatch(/^$|undefined|NaN|null/);
    }
    expect(checks.find(({ name }) => name === 'Node.js')).toMatchObject({
      state: 'ok',
      found: process.versions.node,
    });
    expect(exitCode).toBe(checks.some(({ state }) => state === 'fail') ? 2 : 0);
  });

  it('fails where the results cannot be written', async () => {
    const { stdout, exitCode } = await command(['doctor', '--out', 'package.json/runs'], packageRoot);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^fail {2}results folder .*package\.json: not a folder$/m);
  });

  it('prints a line for what is well, and what is wanted and mends it for what is not', () => {
    const well: Check = { name: 'a', state: 'ok', found: '1', wanted: '1', matter: 'm', mend: null };
    const amiss: Check = { name: 'bcd', state: 'warn', found: '0', wanted: '2', matter: 'n', mend: 'fix it' };
    expect(describeChecks([well, amiss, { ...amiss, state: 'fail', mend: null }])).toBe(
      [
        'ok    a    1',
        'warn  bcd  0',
        '           wanted: 2; n',
        '           mend:   fix it',
        'fail  bcd  0',
        '           wanted: 2; n',
        '',
        '1 ok, 1 to know about, 1 to mend before a run',
        '',
      ].join('\n'),
    );
  });
});
