import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOutRevisions } from '../../src/cli/revision-folders.ts';

describe('git revisions beside each other', () => {
  let repository: string;
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=x', '-c', 'user.email=x@example.org', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });

  beforeAll(() => {
    repository = mkdtempSync(path.join(tmpdir(), 'lab-git-'));
    git('init', '--quiet');
    mkdirSync(path.join(repository, 'sub'));
    for (const text of ['one', 'two']) {
      writeFileSync(path.join(repository, 'sub', 'file'), text);
      git('add', '.');
      git('commit', '--quiet', '-m', text);
      git('tag', text);
    }
  });

  const options = (revisions: readonly string[], build: string | null = null) => ({
    repository: path.join(repository, 'sub'),
    revisions,
    build,
    tell: () => undefined,
    signal: new AbortController().signal,
  });

  it('are checked out and built in the folder that stands for the current one, and removed', async () => {
    const { revisions, remove } = await checkOutRevisions(options(['one', 'two'], 'cp file built'));
    expect(revisions.map(({ folder }) => readFileSync(path.join(folder, 'built'), 'utf8'))).toEqual([
      'one',
      'two',
    ]);
    expect(revisions[0]?.label).toMatch(/^one \([0-9a-f]{12}\)$/);
    await remove();
    expect(revisions.some(({ folder }) => existsSync(folder))).toBe(false);
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  });

  it.each([
    [['one', 'three'], null, 'UNKNOWN_REVISION'],
    [['one', '--output=x'], null, 'UNKNOWN_REVISION'],
    [['one', 'two'], 'echo gone wrong; exit 3', 'BUILD_FAILED'],
  ])('%j with build %j ends in %s and leaves no worktree', async (revisions, build, code) => {
    await expect(checkOutRevisions(options(revisions, build))).rejects.toMatchObject({ code });
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  });

  it('need a repository', async () => {
    const elsewhere = {
      ...options(['one', 'two']),
      repository: mkdtempSync(path.join(tmpdir(), 'lab-none-')),
    };
    await expect(checkOutRevisions(elsewhere)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });
});
