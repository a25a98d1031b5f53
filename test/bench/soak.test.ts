import path from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

const soak = path.join(packageRoot, 'bench/soak.mjs');

it.skipIf(process.platform !== 'linux')('a soak of seconds judges all that one of an hour does', async () => {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [soak, '--minutes', '0.1', '--rate', '300'],
    { reject: false },
  );
  const lines = stdout.split('\n');
  expect(
    lines.map((line) => line.replace(/^(ok {2}|FAIL) (.*?): .*$/, '$2')),
    stderr,
  ).toEqual([
    'the lab ends with 0, or 11 on a busy machine',
    'tracker',
    'tracker',
    'lab',
    'lab',
    'P99 is flat',
    'the tracker counts each datagram once',
    'the lab and the tracker agree',
    'no request is refused',
    'peers expire',
  ]);
  // How fast a busy machine is, is not asked here.
  expect(lines.filter((line) => line.startsWith('FAIL') && !line.includes('P99'))).toEqual([]);
  expect([0, 1]).toContain(exitCode);
});

it('a soak refuses a time that is none', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [soak, '--minutes', 'x'], { reject: false });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^usage: /);
});
