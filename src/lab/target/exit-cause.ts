/** What the last words of a process tell about its end. Pure. */

/** Lines of the last output that a report shows. */
const SHOWN_LINES = 12;
const SHOWN_CHARACTERS = 2000;

const causes: readonly (readonly [RegExp, string])[] = [
  [
    // V8's heap, a worker's heap, an ArrayBuffer, a native allocation.
    /heap out of memory|ERR_WORKER_OUT_OF_MEMORY|process out of memory|allocation failed|std::bad_alloc/i,
    'out of memory',
  ],
  [/EADDRINUSE|address already in use|PORT_IN_USE/i, 'port in use'],
  [/EACCES|permission denied/i, 'permission denied'],
];

/** A cause that the output names; null where it names none. */
export function exitCause(stderr: string): string | null {
  return causes.find(([pattern]) => pattern.test(stderr))?.[1] ?? null;
}

/** What a program says of its failure, in the runtimes that are known. */
const telling =
  /\b(?:[A-Z]\w*)?(?:Error|Exception)\b|^(?:error|fatal|panic|abort\w*)\b|\bcannot\b|\bcould not\b|\bfailed\b|\bnot found\b|no such|\bdenied\b|\bE[A-Z]{4,}\b/i;
/** Lines of a stack, of Node's own frame around an error, and of no words. */
const framing =
  /^\s+at |^\s*File "|^node:internal\/|^\s*throw |^\s*[\^~]+\s*$|^Node\.js v\d|^\s*[[\]{}(),]*\s*$/;

/**
 * The words of an output that say why a program failed, on one line: from the first line that tells of a failure on,
 * without stack frames; the last words where no line does.
 */
export function tellingWords(stderr: string, mostCharacters: number): string {
  const lines = stderr.split('\n').filter((line) => !framing.test(line));
  const first = lines.findIndex((line) => telling.test(line));
  const oneLine = (text: readonly string[]): string => text.join(' ').trim().replace(/\s+/g, ' ');
  if (first < 0) return oneLine(lines).slice(-mostCharacters);
  return oneLine(lines.slice(first)).slice(0, mostCharacters);
}

/** The last lines of the output, with the line that names the failure where that stands before them, without the frames of V8's native stack trace: those say nothing of the program. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(
      (line) => line !== '' && !/^\s*\d+: 0x[0-9a-f]+/.test(line) && !/^-{3,}.*stack trace/i.test(line),
    );
  const last = lines.slice(-SHOWN_LINES);
  const cause = lines.slice(0, -SHOWN_LINES).findLast((line) => !framing.test(line) && telling.test(line));
  // A long stack must not push out what it is the stack of.
  if (cause === undefined || last.some((line) => /^\w.*error/i.test(line)))
    return last.join('\n').slice(-SHOWN_CHARACTERS);
  const kept = cause.slice(0, SHOWN_CHARACTERS / 2);
  return `${kept}\n${last
    .slice(1)
    .join('\n')
    .slice(-(SHOWN_CHARACTERS - kept.length - 1))}`;
}
