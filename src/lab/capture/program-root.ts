import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * The folder to which a program's file names are relative: that of the nearest package.json above its entry script,
 * else the script's own folder; without a script (`node -e`) the working directory.
 */
export function programRoot(entryScript: string | undefined): string {
  if (entryScript === undefined || !existsSync(entryScript)) return process.cwd();
  const scriptFolder = path.dirname(realpathSync(entryScript));
  for (let folder = scriptFolder; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) return scriptFolder;
  }
}
