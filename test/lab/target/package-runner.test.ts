import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutPackageRunner } from '../../../src/lab/target/package-runner.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'package-runner-'));
  mkdirSync(path.join(folder, 'node_modules', '.bin'), { recursive: true });
  mkdirSync(path.join(folder, 'below'));
  writeFileSync(path.join(folder, 'node_modules', '.bin', 'a-tracker'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const split = (command: string) => command.split(' ');

describe('a package runner', () => {
  it.each([
    ['npx a-tracker', []],
    ['npx --no a-tracker --port 1', ['--port', '1']],
    ['/usr/bin/npx -y -- a-tracker x', ['x']],
    ['npm exec a-tracker', []],
    ['npm exec a-tracker x', ['x']],
    ['npm exec -- a-tracker --port 1', ['--port', '1']],
    ['npm x -- a-tracker', []],
  ])('is left out of %s', (command, args) => {
    const binFolder = path.join(folder, 'node_modules', '.bin');
    for (const cwd of [folder, path.join(folder, 'below')]) {
      expect(withoutPackageRunner(split(command), cwd)).toEqual({
        words: [path.join(binFolder, 'a-tracker'), ...args],
        binFolder,
      });
    }
  });

  it.each([
    'node server.js',
    'npx',
    'npx --no',
    'npx not-installed',
    'npx a-tracker@11',
    'npx @scope/a-tracker',
    'npx ./a-tracker',
    'npx --package other a-tracker',
    'npx -c a-tracker',
    'npm start',
    'npm run a-tracker',
    'npm exec a-tracker --port 1',
  ])('stays in %s', (command) => {
    expect(withoutPackageRunner(split(command), folder)).toBeNull();
  });
});
