/** Which files of a results folder a browser may have: those of a run or of a comparison, and no others. */
import { existsSync, lstatSync } from 'node:fs';
import path from 'node:path';
import type { Bytes } from '../units.ts';
import { plainName } from './run-folders.ts';

export interface ServedFile {
  /** Absolute path. */
  readonly file: string;
  readonly contentType: string;
  readonly sizeBytes: Bytes;
}

/** By the ends of their names. */
const contentTypes: readonly (readonly [end: string, type: string])[] = [
  ['.html', 'text/html; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.md', 'text/plain; charset=utf-8'],
  ['.ndjson', 'text/plain; charset=utf-8'],
  ['.hdr', 'text/plain; charset=utf-8'],
  ['.pb.gz', 'application/octet-stream'],
];

/**
 * The file that a URL's path names: `/RUN/FILE`, `/COMPARISON/FILE`, or `/COMPARISON/a/RUN/FILE` (and `b`). Names are not
 * decoded: ours need no escapes. Links are not followed.
 *
 * @param root - the results folder, without links
 * @returns null for all else
 */
export function servedFile(root: string, urlPath: string): ServedFile | null {
  const [first, ...names] = urlPath.split('/');
  if (first !== '' || !names.every((name) => plainName.test(name))) return null;
  const name = names.pop() ?? '';
  const contentType = contentTypes.find(([end]) => name.endsWith(end))?.[1];
  if (contentType === undefined || !isOurs(root, names)) return null;
  const file = path.join(root, ...names, name);
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats?.isFile() === true ? { file, contentType, sizeBytes: stats.size } : null;
}

function isOurs(root: string, folders: readonly string[]): boolean {
  const [outer = '', side, run] = folders;
  const isNested = folders.length === 3 && (side === 'a' || side === 'b') && run !== undefined;
  if (folders.length !== 1 && !isNested) return false;
  for (let depth = 1; depth <= folders.length; depth++) {
    const folder = path.join(root, ...folders.slice(0, depth));
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  }
  if (isNested) return existsSync(path.join(root, outer, side, run, 'run.json'));
  return ['run.json', 'comparison.json'].some((name) => existsSync(path.join(root, outer, name)));
}
