import { existsSync } from 'node:fs';
import path from 'node:path';

/** Options of npx and npm exec that change nothing where the program is installed. */
const HARMLESS = new Set([
  '--no',
  '--no-install',
  '--yes',
  '-y',
  '--offline',
  '--prefer-offline',
  '--',
  '--quiet',
  '-q',
]);

/** A command without the package runner in front of it. */
interface DirectCommand {
  readonly words: readonly [string, ...string[]];
  /** The folder with the program: a runner puts it in front of PATH. */
  readonly binFolder: string;
}

/**
 * Takes `npx`, `npx --no`, `npm exec --` or `npm x` off the front of a command. A runner starts the program as its own
 * child, out of reach for the preload, and stays beside it; where the program is installed in the working folder or
 * above, the runner's whole work is to find it in `node_modules/.bin`.
 *
 * @returns null where the command has no such runner, an option that means more, or a program that is not installed
 */
export function withoutPackageRunner(words: readonly string[], cwd: string): DirectCommand | null {
  const rest = afterRunner(words);
  if (rest === null) return null;
  const options = rest.findIndex((word) => !word.startsWith('-'));
  const program = rest[options];
  // A version or a scope is for the registry, not for the folder.
  if (program === undefined || !/^[\w.-]+$/.test(program)) return null;
  if (!rest.slice(0, options).every((word) => HARMLESS.has(word))) return null;
  const args = rest.slice(options + 1);
  const isExec = path.basename(words[0] ?? '') === 'npm';
  // npm takes options wherever they stand before `--`.
  if (isExec && !rest.slice(0, options).includes('--') && args.some((word) => word.startsWith('-')))
    return null;
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const binFolder = path.join(folder, 'node_modules', '.bin');
    const file = path.join(binFolder, program);
    if (existsSync(file)) return { words: [file, ...args], binFolder };
    if (folder === path.dirname(folder)) return null;
  }
}

function afterRunner(words: readonly string[]): readonly string[] | null {
  const [program = '', second = ''] = words;
  if (path.basename(program) === 'npx') return words.slice(1);
  return path.basename(program) === 'npm' && /^(exec|x)$/.test(second) ? words.slice(2) : null;
}
