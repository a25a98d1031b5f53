/** Reads one file of a run's folder by a name that somebody else wrote. */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../errors.ts';
import { readBounded } from '../read-bounded.ts';
import type { Bytes } from '../units.ts';

/** A plain name as `lab` writes them; everything else (separators, `..`, NUL, 300 characters) is refused. */
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;

/** A profile of a long stress run stays far below this; a larger file is not one of ours. */
const MOST_FILE_BYTES: Bytes = 256 * 1024 * 1024;

/**
 * The bytes of a file that lies directly in `directory`.
 *
 * @param name - hostile: it comes out of run.json
 * @param mostBytes - default: 256 MiB
 * @throws LabError `UNSAFE_FILE_NAME` for a name or a symlink that leads out of the folder,
 *   `RUN_FILE_MISSING` where there is no such regular file, `RUN_FILE_TOO_LARGE` past `mostBytes`
 */
export function readRunFile(directory: string, name: string, mostBytes = MOST_FILE_BYTES): Buffer {
  if (!PLAIN_NAME.test(name)) throw unsafeName(name, 'it is not a plain file name');
  const file = path.join(directory, name);
  const link = lstatSync(file, { throwIfNoEntry: false });
  if (link === undefined) throw missing(file);
  if (link.isSymbolicLink()) refuseLinkOutside(directory, file, name);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) throw missing(file);
  if (stats.size > mostBytes) {
    throw new LabError({
      code: 'RUN_FILE_TOO_LARGE',
      message: `${file} has ${stats.size} bytes, expected at most ${mostBytes}`,
      hint: 'check that the folder is a run of tracker-lab',
    });
  }
  try {
    return readBounded(file, mostBytes);
  } catch (cause) {
    // It was another one a moment ago, or it may not be read.
    throw missing(file, cause);
  }
}

function refuseLinkOutside(directory: string, file: string, name: string): void {
  let target: string;
  try {
    target = realpathSync(file);
  } catch (cause) {
    throw missing(file, cause);
  }
  if (path.dirname(target) !== realpathSync(directory)) {
    throw unsafeName(name, 'it is a link that leads out of the folder');
  }
}

function unsafeName(name: string, why: string): LabError {
  return new LabError({
    code: 'UNSAFE_FILE_NAME',
    message: `run.json names the file ${JSON.stringify(name.slice(0, 80))}, expected a file in its own folder: ${why}`,
    hint: 'do not trust this folder; measure the run again',
  });
}

function missing(file: string, cause?: unknown): LabError {
  return new LabError({
    code: 'RUN_FILE_MISSING',
    message: `expected the file ${file}, found none`,
    hint: 'copy the whole folder of the run, or measure it again',
    cause,
  });
}
