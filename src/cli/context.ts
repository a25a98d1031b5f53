import type { Writable } from 'node:stream';

type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command may touch of the world outside; tests pass their own. */
export interface CliContext {
  /** The result only: a summary, a table, or with `--json` one document. */
  readonly stdout: Output;
  /** Progress, notes and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The file that was started, as it was named: a link of node_modules/.bin is not resolved. Absolute path. */
  readonly entry: string;
  /** Calls `listener` at every SIGINT or SIGTERM until the returned function is called. */
  readonly onSignal: (listener: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void;
  /** Ends the process at once; used for a second signal only. */
  readonly exitNow: (code: number) => never;
}

/** Width of a terminal; undefined where it is none. */
export function columnsOf({ isTTY, columns }: Output): number | undefined {
  return isTTY === true ? columns : undefined;
}
