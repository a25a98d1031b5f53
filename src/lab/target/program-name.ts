/** What a command is called in a report. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** Programs that run another file; that one is the tracker. */
const INTERPRETER = /^(node|nodejs|bun|deno|tsx|python[\d.]*|ruby|perl|php|java|sh|bash|dash)$/;

/** Options of Node and Python whose value is the next word. */
const TAKES_VALUE =
  /^(-r|--require|--import|--loader|--experimental-loader|--env-file|-C|--conditions|-W|-X)$/;

/** What follows the options: the script, if it is not code on the command line itself. */
function scriptAmong(args: readonly string[]): string | undefined {
  return args.find((word, index) => !word.startsWith('-') && !TAKES_VALUE.test(args[index - 1] ?? ''));
}

/**
 * The file name of the program, or of the script where the program is an interpreter that is given one. Pure.
 *
 * @param words - at least the program
 */
export function programName(words: readonly string[]): string {
  const [program = '', ...args] = words;
  const name = path.basename(program);
  if (!INTERPRETER.test(name)) return name;
  const script = scriptAmong(args);
  // Code after -c or -e is no name.
  return script !== undefined && /^[\w@.+/-]+$/.test(script) && /[./]/.test(script)
    ? path.basename(script)
    : name;
}

/**
 * The version of the package whose program or main file a Node process runs.
 *
 * @param commandLine - of the process, as the kernel has it: Node, its options, the script
 * @param cwd - working folder of the process
 * @returns null where the script belongs to no package that names it
 */
export function packageVersionOf(commandLine: readonly string[], cwd: string): string | null {
  const script = path.resolve(cwd, scriptAmong(commandLine.slice(1)) ?? '');
  if (!existsSync(script)) return null;
  const file = realpathSync(script);
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) return versionWhereNamed(manifest, file);
  }
  return null;
}

function versionWhereNamed(manifest: string, file: string): string | null {
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
  } catch {
    // The manifest of somebody else's program; without it there is just no version.
    return null;
  }
  const { bin, main, version } = content as { bin?: unknown; main?: unknown; version?: unknown };
  const named = [main, ...(typeof bin === 'object' && bin !== null ? Object.values(bin) : [bin])];
  const folder = path.dirname(manifest);
  const isNamed = named.some((name) => typeof name === 'string' && path.resolve(folder, name) === file);
  return isNamed && typeof version === 'string' ? version : null;
}
