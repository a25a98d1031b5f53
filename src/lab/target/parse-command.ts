/** Splits a command line into words as a POSIX shell would, and nothing more of a shell. Pure. */
import { LabError } from '../../errors.ts';

/** Outside of quotes these end a word in a shell and mean more than themselves. */
const OPERATORS = new Set(['|', '&', ';', '<', '>', '(', ')', '`', '\n']);
const BLANK = /[ \t\r]/;
/** Within double quotes a backslash stands for itself before any other character. */
const ESCAPABLE_IN_QUOTES = new Set(['$', '`', '"', '\\', '\n']);
/** What a shell would replace by a value: `$NAME`, `${NAME}`, `$(command)`, `$1`. */
const EXPANSION = /^\$[A-Za-z0-9_{(?!#@*$-]/;

/**
 * Splits at blanks; `'…'`, `"…"` and `\` quote as POSIX has it. No shell runs: pipes, redirections and expansions are
 * refused rather than handed on, while `*`, `?` and `~` stand for themselves.
 *
 * @returns at least one word
 * @throws LabError `BAD_COMMAND`
 * @see https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02
 */
export function parseCommand(text: string): [string, ...string[]] {
  const words: string[] = [];
  let word: string | null = null;
  let at = 0;

  function append(part: string): void {
    word = (word ?? '') + part;
  }

  function readEscape(): void {
    const next = text[at + 1];
    if (next === undefined) throw badCommand(text, 'it ends with a backslash');
    // A backslash before a line's end joins two lines.
    if (next !== '\n') append(next);
    at += 2;
  }

  function readSingleQuotes(): void {
    const end = text.indexOf("'", at + 1);
    if (end < 0) throw badCommand(text, "a ' has no partner");
    append(text.slice(at + 1, end));
    at = end + 1;
  }

  function readDoubleQuotes(): void {
    append('');
    for (at++; ; at++) {
      const character = text[at];
      const next = text[at + 1];
      if (character === undefined) throw badCommand(text, 'a " has no partner');
      if (character === '"') break;
      if (character === '`' || EXPANSION.test(text.slice(at, at + 2))) throw shellNeeded(text, at);
      if (character === '\\' && next !== undefined && ESCAPABLE_IN_QUOTES.has(next)) {
        if (next !== '\n') append(next);
        at++;
      } else append(character);
    }
    at++;
  }

  while (at < text.length) {
    const character = text[at] as string;
    if (BLANK.test(character) || (character === '\n' && text.slice(at).trim() === '')) {
      if (word !== null) words.push(word);
      word = null;
      at++;
    } else if (character === '\\') readEscape();
    else if (character === "'") readSingleQuotes();
    else if (character === '"') readDoubleQuotes();
    else if (OPERATORS.has(character) || EXPANSION.test(text.slice(at, at + 2))) throw shellNeeded(text, at);
    else {
      append(character);
      at++;
    }
  }
  if (word !== null) words.push(word);
  const [program, ...rest] = words;
  if (program === undefined || program === '') throw badCommand(text, 'it names no program');
  const assignment = /^([A-Za-z_]\w*)=/.exec(program);
  if (assignment) throw assignmentFound(text, program);
  return [program, ...rest];
}

function badCommand(text: string, reason: string): LabError {
  return new LabError({
    code: 'BAD_COMMAND',
    message: `cannot split the command ${JSON.stringify(text)} into words: ${reason}`,
    hint: 'quote words with blanks, for example --exec "node \'my tracker.js\' --port 6969"',
  });
}

function shellNeeded(text: string, at: number): LabError {
  const found = text.startsWith('$(', at) ? '$(' : (text[at] as string);
  return new LabError({
    code: 'BAD_COMMAND',
    message: `the command ${JSON.stringify(text)} has ${JSON.stringify(found)} at character ${at + 1}, and no shell runs it`,
    hint: `put it in single quotes where it stands for itself, or name a shell: --exec "sh -c '…'"`,
  });
}

function assignmentFound(text: string, program: string): LabError {
  return new LabError({
    code: 'BAD_COMMAND',
    message: `the command ${JSON.stringify(text)} begins with the assignment ${program}, and no shell runs it`,
    hint: `pass --env ${program} and leave it out of the command`,
  });
}
