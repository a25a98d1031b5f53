/** Git revisions checked out beside each other, each in a worktree of its own in a temporary folder. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ExecaError, execa } from 'execa';
import { LabError } from '../errors.ts';
import { runBuild } from './run-build.ts';

interface RevisionFolder {
  /** The revision as it was named, and the commit that it is. */
  readonly label: string;
  /** The folder in it that stands for the one in which the lab was started. */
  readonly folder: string;
}

export interface RevisionFolders {
  readonly revisions: readonly RevisionFolder[];
  /** Removes the worktrees. */
  readonly remove: () => Promise<void>;
}

export interface RevisionOptions {
  /** Any folder of the repository's working tree. */
  readonly repository: string;
  readonly revisions: readonly string[];
  /** Run by the shell in each folder, once; null: nothing is. */
  readonly build: string | null;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * @throws LabError `NOT_A_REPOSITORY`, `UNKNOWN_REVISION`, `CHECKOUT_FAILED`, `BUILD_FAILED` with its last output; nothing is
 * left behind then
 */
export async function checkOutRevisions(options: RevisionOptions): Promise<RevisionFolders> {
  const { repository, revisions, build, tell, signal } = options;
  const git = (...words: string[]) => execa('git', ['-C', repository, ...words], { cancelSignal: signal });
  const inside = await git('rev-parse', '--show-prefix').catch((cause: unknown) => {
    throw new LabError({
      code: 'NOT_A_REPOSITORY',
      message: `${repository} is no git working tree`,
      hint: 'start in the repository of the tracker, or name it with --cwd',
      cause,
    });
  });
  const commits = [];
  for (const revision of revisions) commits.push(await commitOf(git, revision));
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'tracker-lab-')));
  const trees: string[] = [];
  const remove = async (): Promise<void> => {
    for (const tree of trees) {
      // Also after an interrupt: the repository must not keep a worktree that is gone.
      await execa('git', ['-C', repository, 'worktree', 'remove', '--force', tree], { reject: false });
    }
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const folders: RevisionFolder[] = [];
    for (const [index, commit] of commits.entries()) {
      const revision = revisions[index] as string;
      const tree = path.join(root, index === 0 ? 'a' : 'b');
      tell(`Checking out ${revision} (${commit.slice(0, 12)})`);
      trees.push(tree);
      await git('worktree', 'add', '--detach', '--force', tree, commit).catch((cause: unknown) => {
        throw failed('CHECKOUT_FAILED', `git could not check out ${revision}`, cause);
      });
      const folder = path.join(tree, inside.stdout.trim());
      if (build !== null) {
        tell(`Building ${revision}: ${build}`);
        await runBuild(build, folder, signal).catch((cause: unknown) => {
          throw failed('BUILD_FAILED', `"${build}" failed for ${revision}`, cause);
        });
      }
      folders.push({
        label: commit.startsWith(revision) ? revision : `${revision} (${commit.slice(0, 12)})`,
        folder,
      });
    }
    return { revisions: folders, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function commitOf(
  git: (...words: string[]) => Promise<{ readonly stdout: string }>,
  revision: string,
): Promise<string> {
  try {
    const { stdout } = await git(
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    );
    return stdout.trim();
  } catch (cause) {
    throw new LabError({
      code: 'UNKNOWN_REVISION',
      message: `git knows no revision "${revision}"`,
      hint: 'name a branch, a tag or a commit; leave --exec, --build and --repeat out to compare stored runs',
      cause,
    });
  }
}

function failed(code: string, what: string, cause: unknown): LabError {
  const output = cause instanceof ExecaError ? String(cause.all ?? cause.stderr ?? '') : String(cause);
  const last = output.trim().split('\n').slice(-3).join(' ').slice(-300);
  return new LabError({
    code,
    message: `${what}${last === '' ? '' : ` (${last})`}`,
    hint: 'run it by hand in a checkout of that revision',
    cause,
  });
}
