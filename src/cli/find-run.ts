import { statSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../errors.ts';
import { runFolders } from './run-folders.ts';

/**
 * The folder of a run.
 *
 * @param run - a path or a run's id; undefined: the newest run
 * @param out - root of the runs
 * @param cwd - what a path is relative to
 * @throws LabError `NO_SUCH_RUN`
 */
export function findRun(run: string | undefined, out: string, cwd: string): string {
  if (run === undefined) {
    const newest = runFolders(out)[0];
    if (newest !== undefined) return path.join(out, newest);
    throw new LabError({
      code: 'NO_SUCH_RUN',
      message: `${out} has no run`,
      hint: 'measure something first, or name the folder of the runs with --out',
    });
  }
  const folder = [path.resolve(cwd, run), path.join(out, run)].find(
    (candidate) => statSync(candidate, { throwIfNoEntry: false })?.isDirectory() === true,
  );
  if (folder !== undefined) return folder;
  const known = runFolders(out).slice(0, 3);
  throw new LabError({
    code: 'NO_SUCH_RUN',
    message: `there is no run "${run}" in ${out}`,
    hint:
      known.length === 0 ? 'name the folder of the runs with --out' : `the newest are ${known.join(', ')}`,
  });
}
