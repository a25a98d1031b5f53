import type { Writable } from 'node:stream';

/** What a command may touch of the world outside; tests pass their own. */
export interface CliContext {
  /** The result only: a summary, a table, or with `--json` one document. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Progress, notes and errors. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls `listener` at every SIGINT or SIGTERM until the returned function is called. */
  readonly onSignal: (listener: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void;
  /** Ends the process at once; used for a second signal only. */
  readonly exitNow: (code: number) => never;
}
