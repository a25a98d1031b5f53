import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../../src/errors.ts';
import { command } from './command.ts';

const root = mkdtempSync(path.join(tmpdir(), 'completion-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function script(shell: string): Promise<string> {
  const { exitCode, stdout } = await command(['completion', shell]);
  expect(exitCode).toBe(ExitCode.ok);
  return stdout;
}

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** What bash offers for the last word. */
async function offered(...words: string[]): Promise<string[]> {
  const text = `${await script('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tracker_lab; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync('bash', ['-c', text, 'bash', 'tracker-lab', ...words], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean);
}

describe.skipIf(!has('bash'))('completion in bash', () => {
  it.each([
    [['expo'], ['export']],
    [['--scen'], ['--scenario']],
    [['--scenario', 'l'], ['light']],
    [
      ['--clinic', ''],
      ['doctor', 'flame', 'heapprofiler', 'bubbleprof'],
    ],
    [['export', '--format', 'spe'], ['speedscope']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['export', 'run', '--form'], ['--format']],
    // Files are bash's own.
    [['--config', ''], []],
  ])('of %j is %j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('of %s is a script that the shell can read', async (shell) => {
    const text = await script(shell);
    expect(text).toContain('bubbleprof');
    if (!has(shell)) return;
    const file = path.join(root, 'script');
    writeFileSync(file, text);
    expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' }).stderr).toBe('');
  });

  it('is refused for another shell', async () => {
    const { exitCode, stderr } = await command(['completion', 'csh']);
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toContain('bash, zsh, fish');
  });
});
