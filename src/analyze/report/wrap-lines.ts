/**
 * Wraps lines of plain text at spaces. What follows the first line of a sentence hangs under its text, two columns deeper
 * than the line itself begins; a word that is longer than the width stays whole.
 *
 * @param width - columns; absent: the lines as they are
 */
export function wrapLines(lines: readonly string[], width: number | undefined): string[] {
  if (width === undefined) return [...lines];
  return lines.flatMap((line) => wrapLine(line, Math.max(LEAST_WIDTH, width)));
}

/** Narrower than this nothing is left of a line beside its indent. */
const LEAST_WIDTH = 20;
const HANG = 2;

function wrapLine(line: string, width: number): string[] {
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const wrapped: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const begin = /^ */.exec(rest)?.[0].length ?? 0;
    const before = rest.lastIndexOf(' ', width);
    const at = before > begin ? before : rest.indexOf(' ', begin);
    if (at < 0) break;
    wrapped.push(rest.slice(0, at).trimEnd());
    rest = `${' '.repeat(indent + HANG)}${rest.slice(at).trimStart()}`;
  }
  return [...wrapped, rest];
}
