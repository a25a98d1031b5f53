import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageVersionOf, programName } from '../../../src/lab/target/program-name.ts';

describe('the name of a command', () => {
  it.each([
    ['/usr/bin/opentracker -p 6969', 'opentracker'],
    ['./tracker', 'tracker'],
    ['node dist/server.js --port 1', 'server.js'],
    ['/opt/node --max-old-space-size=64 server.mjs', 'server.mjs'],
    ['node --import ./x.mjs server.js', 'server.js'],
    ['python3.11 -u tracker.py', 'tracker.py'],
    ['node -e code', 'node'],
    ['node', 'node'],
    ['sh run.sh', 'run.sh'],
    ['npx a-tracker', 'npx'],
  ])('of %s', (command, name) => {
    expect(programName(command.split(' '))).toBe(name);
  });

  it('of a shell with a script on its command line is the shell', () => {
    expect(programName(['sh', '-c', 'node a.js & wait'])).toBe('sh');
  });
});

describe('the version of a Node program', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'program-name-'));
    mkdirSync(path.join(folder, 'bin'));
    for (const file of ['bin/cmd.js', 'index.js', 'other.js']) writeFileSync(path.join(folder, file), '');
    const manifest = { version: '1.2.3', main: './index.js', bin: { tracker: 'bin/cmd.js' } };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([['bin/cmd.js'], ['index.js']])('is that of the package that names %s', (script) => {
    expect(packageVersionOf(['node', '--no-warnings', script, '--port', '1'], folder)).toBe('1.2.3');
    expect(packageVersionOf(['node', path.join(folder, script)], '/')).toBe('1.2.3');
  });

  it.each([[['node', 'other.js']], [['node', 'missing.js']], [['node', '-e', 'code']], [['node']]])(
    'is not known of %j',
    (commandLine) => {
      expect(packageVersionOf(commandLine, folder)).toBeNull();
    },
  );

  it('is not known where the manifest cannot be read', () => {
    writeFileSync(path.join(folder, 'bin', 'package.json'), '{');
    expect(packageVersionOf(['node', 'bin/cmd.js'], folder)).toBeNull();
    rmSync(path.join(folder, 'bin', 'package.json'));
  });
});
