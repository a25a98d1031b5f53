/** Ends a target with all its processes, whoever of them leads. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProcessTree } from './process-tree.ts';

const LOOK_INTERVAL_MS = 20;
/** A killed process is gone within milliseconds; one in uninterruptible sleep stays, and nobody can end it. */
const KILL_WAIT_MS = 1000;

interface ProcessGroupOptions {
  /** Leader of a process group of its own. */
  readonly leader: number;
  readonly tree: ProcessTree;
}

/**
 * A process group that must not outlive the lab: it is killed when the lab exits, and a small shell kills it when the lab
 * is killed itself.
 */
export class ProcessGroup {
  readonly #leader: number;
  readonly #tree: ProcessTree;
  readonly #watchdog: ChildProcess | null;
  readonly #onLabExit = () => this.#signal('SIGKILL');

  constructor({ leader, tree }: ProcessGroupOptions) {
    this.#leader = leader;
    this.#tree = tree;
    this.#watchdog = startWatchdog(leader);
    process.once('exit', this.#onLabExit);
  }

  /** SIGTERM for every process, and SIGKILL after the grace for those that are left. Resolves when none is. */
  async stop(graceMs: number): Promise<void> {
    this.#signal('SIGTERM');
    if (!(await this.#endWithin(graceMs))) {
      // A process that was just starting another one is found in a second look.
      for (const endMs = performance.now() + KILL_WAIT_MS; performance.now() < endMs; ) {
        this.#signal('SIGKILL');
        if (await this.#endWithin(LOOK_INTERVAL_MS)) break;
      }
    }
    process.off('exit', this.#onLabExit);
    this.#watchdog?.kill('SIGKILL');
  }

  async #endWithin(graceMs: number): Promise<boolean> {
    for (const endMs = performance.now() + graceMs; this.#tree.alive().length > 0; ) {
      if (performance.now() >= endMs) return false;
      await wait(LOOK_INTERVAL_MS);
    }
    // Whoever was started in the meantime and has left its parent.
    return this.#tree.sweep().length === 0;
  }

  /** One signal each: the group gets it at once, and who has left the group by name. */
  #signal(signal: NodeJS.Signals): void {
    const pids = this.#tree.sweep();
    const inGroup = new Set(pids.filter((pid) => this.#tree.groupOf(pid) === this.#leader));
    if (inGroup.size > 0) send(-this.#leader, signal);
    for (const pid of pids) if (!inGroup.has(pid)) send(pid, signal);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended, or it belongs to somebody else and cannot be ended.
  }
}

/**
 * A shell that waits for its input to close, which it does with the lab however that ends, and then ends the group. It
 * sleeps until then.
 */
function startWatchdog(leader: number): ChildProcess | null {
  if (process.platform === 'win32') return null;
  const script = 'read -r _; kill -s TERM -- "-$0" && sleep 3 && kill -s KILL -- "-$0"';
  const watchdog = spawn('/bin/sh', ['-c', script, String(leader)], {
    // Out of the terminal's process group, so that Ctrl-C does not end it before the lab.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no watchdog; an orderly end of the lab does not need it.
  watchdog.on('error', () => undefined);
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return watchdog;
}
