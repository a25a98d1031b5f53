/** The stored runs that a word of `lab compare` names. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { SideFolders } from '../analyze/compare/compare-folders.ts';
import { LabError } from '../errors.ts';
import { MOST_TEXT_BYTES, readBounded } from '../read-bounded.ts';
import { runFolders } from './run-folders.ts';

/**
 * One side: runs parted by commas, each a folder, an id below `out`, a folder of runs, or the id of a suite below `out`.
 *
 * @throws LabError `NO_SUCH_RUN`
 */
export function findSide(text: string, out: string, cwd: string): SideFolders {
  const directories = text
    .split(',')
    .filter((word) => word !== '')
    .flatMap((word) => runsOf(word, out, cwd));
  return { label: text, directories: [...new Set(directories)] };
}

/**
 * Both sides of a folder that an earlier comparison of new runs left.
 *
 * @throws LabError `NO_SUCH_RUN`
 */
export function findPair(text: string, out: string, cwd: string): readonly [SideFolders, SideFolders] {
  const folder = [path.resolve(cwd, text), path.join(out, text)].find((candidate) =>
    ['a', 'b'].every((side) => runFolders(path.join(candidate, side)).length > 0),
  );
  if (folder === undefined) {
    throw new LabError({
      code: 'NO_SUCH_RUN',
      message: `${text} is no folder with the runs of two sides`,
      hint: 'name two sides, or pass --repeat 6 to measure new runs',
    });
  }
  const labels = labelsIn(path.join(folder, 'comparison.json'));
  return [
    { label: labels?.a ?? 'a', directories: runsOf('a', folder, folder) },
    { label: labels?.b ?? 'b', directories: runsOf('b', folder, folder) },
  ];
}

/** What the sides were called; null where the file is none of ours. */
function labelsIn(file: string): { readonly a: string; readonly b: string } | null {
  try {
    const { sides } = JSON.parse(readText(file)) as {
      sides?: { a?: { label?: unknown }; b?: { label?: unknown } };
    };
    const [a, b] = [sides?.a?.label, sides?.b?.label];
    return typeof a === 'string' && typeof b === 'string' ? { a, b } : null;
  } catch {
    // Names of sides are but a convenience: an interrupted comparison has left none.
    return null;
  }
}

function runsOf(word: string, out: string, cwd: string): string[] {
  for (const folder of [path.resolve(cwd, word), path.join(out, word)]) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    if (existsSync(path.join(folder, 'run.json'))) return [folder];
    const below = runFolders(folder).map((name) => path.join(folder, name));
    if (below.length > 0) return below;
  }
  const ofSuite = runFolders(out)
    .map((name) => path.join(out, name))
    .filter((folder) => suiteOf(folder) === word);
  if (ofSuite.length > 0) return ofSuite;
  const known = runFolders(out).slice(0, 3);
  throw new LabError({
    code: 'NO_SUCH_RUN',
    message: `there is no run, folder of runs or suite "${word}" in ${out}`,
    hint:
      known.length === 0
        ? 'name the folder of the runs with --out'
        : `the newest runs are ${known.join(', ')}`,
  });
}

function suiteOf(folder: string): unknown {
  try {
    return (JSON.parse(readText(path.join(folder, 'run.json'))) as { suiteId?: unknown }).suiteId;
  } catch {
    // A broken run belongs to no suite; whoever names it is told what is broken.
    return null;
  }
}

function readText(file: string): string {
  return readBounded(file, MOST_TEXT_BYTES).toString('utf8');
}
