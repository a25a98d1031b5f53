import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

const script = path.join(packageRoot, '.ci/check-audit.mjs');
const today = '2026-11-24';

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'check-audit-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** As npm 10 prints it: a finding of `inner`, which `outer` has for it. */
const oneFinding = {
  auditReportVersion: 2,
  vulnerabilities: {
    inner: {
      name: 'inner',
      via: [
        {
          source: 1,
          name: 'inner',
          title: 'Reads too far',
          url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
          severity: 'high',
        },
      ],
    },
    outer: { name: 'outer', via: ['inner'] },
  },
  metadata: { vulnerabilities: { total: 2 } },
};
const none = { auditReportVersion: 2, vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 } } };
const explanation = {
  advisory: 'GHSA-aaaa-bbbb-cccc',
  package: 'inner',
  reason: 'the function that reads too far is never called here',
  expires: '2027-02-01',
};

function check(
  audit: unknown,
  explained: readonly unknown[],
  security = 'Explained: GHSA-aaaa-bbbb-cccc.',
): { status: number | null; stdout: string } {
  const files = ['audit.json', 'explained.json', 'security.md'].map((name) => path.join(root, name));
  const [auditFile, explainedFile, securityFile] = files as [string, string, string];
  writeFileSync(auditFile, typeof audit === 'string' ? audit : JSON.stringify(audit));
  writeFileSync(explainedFile, JSON.stringify(explained));
  writeFileSync(securityFile, security);
  const { status, stdout } = spawnSync(
    process.execPath,
    [script, auditFile, explainedFile, today, securityFile],
    { encoding: 'utf8' },
  );
  return { status, stdout };
}

it.each([
  ['a registry without that service', { message: '405 Method Not Allowed' }, /405 Method Not Allowed/],
  ['an error of npm', { error: { summary: 'no such host' } }, /no such host/],
  ['nothing', '', /nothing that can be read/],
])('an audit that was not made is told by a code of its own: %s', (_, audit, says) => {
  const { status, stdout } = check(audit, []);
  expect([status, stdout.split(':')[0]]).toEqual([3, 'NOT CHECKED']);
  expect(stdout).toMatch(says);
});

it('no finding passes, one fails by its advisory', () => {
  expect(check(none, [])).toEqual({ status: 0, stdout: 'no finding\n' });
  expect(check(oneFinding, [])).toEqual({
    status: 1,
    stdout: 'FAIL GHSA-aaaa-bbbb-cccc in inner (high): Reads too far\n',
  });
});

it('a finding that is explained, for a time and where readers look, passes', () => {
  const { status, stdout } = check(oneFinding, [explanation]);
  expect(stdout).toMatch(/^explained until 2027-02-01: GHSA-aaaa-bbbb-cccc in inner: the function/);
  expect(status).toBe(0);
});

it('an explanation is no excuse where docs/security.md does not name it', () => {
  const { status, stdout } = check(oneFinding, [explanation], 'nothing');
  expect(status).toBe(1);
  expect(stdout).toMatch(/is not in docs\/security\.md/);
});

it.each([
  ['it has ended', { ...explanation, expires: '2026-11-23' }, /ended on 2026-11-23/],
  ['it has no end', { ...explanation, expires: undefined }, /without an end/],
  ['it has no reason', { ...explanation, reason: 'fine' }, /without a reason/],
  ['it is of another package', { ...explanation, package: 'other' }, /GHSA-aaaa-bbbb-cccc in inner/],
])('an explanation is no excuse where %s', (_, explained, says) => {
  const { status, stdout } = check(oneFinding, [explained]);
  expect(status).toBe(1);
  expect(stdout).toMatch(says);
});

it('an explanation whose finding is gone has to go, too', () => {
  expect(check(none, [explanation]).stdout).toMatch(/is explained and not found any more/);
});

it('the explanations of this package are in order', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    // That their time is over is for the release check to say, and not for every test run.
    [script, writeNothing(), path.join(packageRoot, '.ci/audit-explained.json'), '2026-11-24'],
    { encoding: 'utf8' },
  );
  expect([status, stdout.includes('FAIL')]).toEqual([3, false]);
});

function writeNothing(): string {
  const file = path.join(root, 'nothing.json');
  writeFileSync(file, '');
  return file;
}
