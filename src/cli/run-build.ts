/** Runs a build by the shell, so that an interrupt ends all that it has started. */
import { execa } from 'execa';
import type { Milliseconds } from '../units.ts';

/** For an orderly end after an interrupt. */
const GRACE_MS: Milliseconds = 2_000;

/**
 * @param folder - where it runs
 * @throws ExecaError where it fails, with what it printed; the signal's reason where it was aborted
 */
export async function runBuild(build: string, folder: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // A group of its own: a signal to the shell alone leaves what it waits for behind, which then holds the pipes open.
  const child = execa(build, { shell: true, cwd: folder, detached: true, stdin: 'ignore', all: true });
  const end = (how: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // Nothing of the group is left.
    }
  };
  let killing: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    end('SIGTERM');
    killing = setTimeout(() => end('SIGKILL'), GRACE_MS);
  };
  const onExit = (): void => end('SIGKILL');
  signal.addEventListener('abort', onAbort);
  process.once('exit', onExit);
  try {
    await child;
  } finally {
    signal.removeEventListener('abort', onAbort);
    process.off('exit', onExit);
    clearTimeout(killing);
    if (signal.aborted) end('SIGKILL');
  }
  signal.throwIfAborted();
}
