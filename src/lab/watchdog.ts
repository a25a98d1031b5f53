import { type ChildProcess, spawn } from 'node:child_process';

/** One listener for all: a suite has as many as it has runs. */
const dismissedAtExit = new Set<Watchdog>();

function dismissAll(): void {
  for (const watchdog of dismissedAtExit) watchdog.dismiss();
}

/**
 * What is to be done once the lab is gone, however it ended, SIGKILL included: a shell that waits for its input to close,
 * which it does with the lab, and sleeps until then. An orderly end does not need it and dismisses it.
 */
export class Watchdog {
  readonly #shell: ChildProcess | null;

  /**
   * @param script - of a POSIX shell; arguments are `$1`, `$2`, …, and `$told` is what it was told last, empty for nothing
   * @param args - taken as they are
   */
  constructor(script: string, args: readonly string[]) {
    if (process.platform === 'win32') {
      this.#shell = null;
      return;
    }
    const shell = spawn(
      '/bin/sh',
      ['-c', `told=; while read -r line; do told=$line; done; ${script}`, 'tracker-lab', ...args],
      {
        // Out of the terminal's process group, so that Ctrl-C does not end it before the lab.
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    // Without a shell there is no watchdog; an orderly end of the lab does not need it.
    shell.on('error', () => undefined);
    shell.unref();
    // It may have been ended by somebody else.
    shell.stdin?.on('error', () => undefined);
    (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    this.#shell = shell;
  }

  /** @param line - without a line break */
  tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }

  dismiss(): void {
    this.#shell?.kill('SIGKILL');
  }

  /** Dismisses it when the lab exits by itself, and lets it do its work where the lab is killed before. */
  dismissAtExit(): void {
    if (dismissedAtExit.size === 0) process.once('exit', dismissAll);
    dismissedAtExit.add(this);
  }
}
