import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A child process of a test: wait for a line or a message of it, and never leave it behind. */
export interface Child {
  readonly process: ChildProcess;
  /** Null where a signal ended it. */
  readonly exitCode: Promise<number | null>;
  /** Resolves with the first line of standard output, past or to come, that matches. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** The same of standard error. */
  errorLine(matches: (line: string) => boolean): Promise<string>;
  /** Resolves with the first IPC message, past or to come, that matches. */
  message(matches: (message: unknown) => boolean): Promise<unknown>;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

export function startChild(child: ChildProcess): Child {
  const lines = createHistory<string>();
  const errorLines = createHistory<string>();
  const messages = createHistory<unknown>();
  let stderr = '';
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      const ended = new Error(`process ${child.pid} ended with ${code}: ${stderr.slice(-500)}`);
      lines.end(ended);
      errorLines.end(ended);
      messages.end(ended);
      resolve(code);
    });
  });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', lines.add);
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      stderr += `${line}\n`;
      errorLines.add(line);
    });
  }
  child.on('message', messages.add);
  return {
    process: child,
    exitCode,
    line: lines.first,
    errorLine: errorLines.first,
    message: messages.first,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exitCode;
    },
  };
}

function createHistory<T>() {
  const past: T[] = [];
  const waiting = new Set<() => void>();
  let endedBy: Error | null = null;
  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };
  return {
    add(item: T): void {
      past.push(item);
      wakeAll();
    },
    end(error: Error): void {
      endedBy = error;
      wakeAll();
    },
    first(matches: (item: T) => boolean): Promise<T> {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          const found = past.find(matches);
          if (found === undefined && endedBy === null) return;
          waiting.delete(check);
          if (found === undefined) reject(endedBy);
          else resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
  };
}
