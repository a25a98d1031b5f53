import path from 'node:path';

/** Options of Node whose value is the next argument and could be taken for the script. */
const optionsWithValue = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--env-file',
  '--title',
]);
const inlineCode = /^(?:-e|--eval|-p|--print|-pe)$/;

/**
 * The script that a Node process runs.
 *
 * @param commandLine - the program's name and its arguments
 * @param folder - working directory, against which a relative script is resolved
 * @returns absolute path, also where there is no such file; undefined for inline code and for no script at all
 */
export function nodeEntryScript(commandLine: readonly string[], folder: string): string | undefined {
  for (let index = 1; index < commandLine.length; index++) {
    const argument = commandLine[index] as string;
    if (inlineCode.test(argument)) return undefined;
    if (argument === '--') return resolved(commandLine[index + 1], folder);
    if (optionsWithValue.has(argument)) index++;
    else if (!argument.startsWith('-')) return resolved(argument, folder);
  }
  return undefined;
}

function resolved(script: string | undefined, folder: string): string | undefined {
  return script === undefined ? undefined : path.resolve(folder, script);
}

/** Whether a program, by name or path, is Node.js. */
export function isNodeProgram(program: string): boolean {
  return /(?:^|\/)node(?:js)?[\d.]*$/.test(program);
}
