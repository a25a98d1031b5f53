import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from './errors.ts';

/** Absolute path of the package, whether this file runs from `src/` (tests), from `dist/` or from a build below it. */
export const packageRoot: string = findPackageRoot(path.dirname(fileURLToPath(import.meta.url)));

function findPackageRoot(folder: string): string {
  const parent = path.dirname(folder);
  return existsSync(path.join(parent, 'package.json')) || parent === folder
    ? parent
    : findPackageRoot(parent);
}

/** The version in package.json. */
export const packageVersion: string = (
  JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;

/**
 * Absolute path of a built file that runs as a process or thread of its own.
 *
 * Children are always the built JavaScript, also where the caller runs from source, so that the frames in their
 * profiles are what a user gets.
 *
 * @param relative - path below `dist/`, for example `tracker/main.js`
 * @throws LabError `NOT_BUILT` where the file is missing
 */
export function builtEntry(relative: string): string {
  const file = path.join(packageRoot, 'dist', relative);
  if (!existsSync(file)) {
    throw new LabError({ code: 'NOT_BUILT', message: `${file} does not exist`, hint: 'run npm run build' });
  }
  return file;
}
