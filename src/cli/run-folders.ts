/** The runs and comparisons of a results folder, by their names. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A folder as `lab` names them; everything else (separators, `..`, hidden files) is none of ours. */
export const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;

/** Names of the runs below a folder, the newest first: they begin with their time. Links are passed over. */
export function runFolders(folder: string): string[] {
  return foldersWith('run.json', folder);
}

/** Names of the comparisons below a folder, the newest first. Links are passed over. */
export function comparisonFolders(folder: string): string[] {
  return foldersWith('comparison.json', folder);
}

function foldersWith(file: string, folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => plainName.test(name))
    .filter((name) => lstatSync(path.join(folder, name)).isDirectory())
    .filter((name) => existsSync(path.join(folder, name, file)))
    .sort()
    .reverse();
}
