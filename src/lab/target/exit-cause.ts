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

/** The last lines of the output, without the frames of V8's native stack trace: those say nothing of the program. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(
      (line) => line !== '' && !/^\s*\d+: 0x[0-9a-f]+/.test(line) && !/^-{3,}.*stack trace/i.test(line),
    );
  return lines.slice(-SHOWN_LINES).join('\n').slice(-SHOWN_CHARACTERS);
}
