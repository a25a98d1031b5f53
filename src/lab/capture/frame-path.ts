import path from 'node:path';

/** Folders against which file names are shortened. */
export interface PathRoots {
  /** Package of the profiled program. */
  readonly program: string;
  /** Package of the preload. */
  readonly agent: string;
}

const LIBRARY_FOLDER = `${path.sep}node_modules${path.sep}`;

/**
 * The file name that a frame carries: relative to the program's package, or to the preload's for the preload's own
 * frames; below `node_modules/` for a library that lies outside of both; else unchanged. Always with forward slashes.
 *
 * @param file - absolute path, `node:` name, URL, or empty
 */
export function framePath(file: string, roots: PathRoots): string {
  if (!path.isAbsolute(file)) return file;
  for (const root of [roots.program, roots.agent]) {
    if (file.startsWith(root + path.sep)) return toSlashes(file.slice(root.length + 1));
  }
  const library = file.lastIndexOf(LIBRARY_FOLDER);
  return toSlashes(library < 0 ? file : file.slice(library + 1));
}

function toSlashes(file: string): string {
  return path.sep === '/' ? file : file.split(path.sep).join('/');
}
