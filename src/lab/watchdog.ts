import { type ChildProcess, spawn } from 'node:child_process';

/**
 * What is to be done once the lab is gone, however it ended, SIGKILL included: a shell that waits for its input to close,
 * which it does with the lab, and sleeps until then. An orderly end does not need it and dismisses it.
 */
export class Watchdog {
  readonly #shell: ChildProcess | null;

  /**
   * @param script - of a POSIX shell; arguments are `$1`, `$2`, …
   * @param args - taken as they are
   */
  constructor(script: string, args: readonly string[]) {
    if (process.platform === 'win32') {
      this.#shell = null;
      return;
    }
    const shell = spawn('/bin/sh', ['-c', `read -r _; ${script}`, 'tracker-lab', ...args], {
      // Out of the terminal's process group, so that Ctrl-C does not end it before the lab.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Without a shell there is no watchdog; an orderly end of the lab does not need it.
    shell.on('error', () => undefined);
    shell.unref();
    (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    this.#shell = shell;
  }

  dismiss(): void {
    this.#shell?.kill('SIGKILL');
  }
}
