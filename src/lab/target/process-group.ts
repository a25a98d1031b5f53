/** Ends a target with all its processes, whoever of them leads. */
import { setTimeout as wait } from 'node:timers/promises';
import type { GroupWatchdog } from './group-watchdog.ts';
import type { ProcessTree } from './process-tree.ts';

const LOOK_INTERVAL_MS = 20;
/** A killed process is gone within milliseconds; one in uninterruptible sleep stays, and nobody can end it. */
const KILL_WAIT_MS = 1000;

interface ProcessGroupOptions {
  /** Leader of a process group of its own. */
  readonly leader: number;
  readonly tree: ProcessTree;
  /** Made before the leader was started. */
  readonly watchdog: GroupWatchdog;
}

/**
 * A process group that must not outlive the lab: it is killed when the lab exits, and a small shell kills it when the lab
 * is killed itself.
 */
export class ProcessGroup {
  readonly #leader: number;
  readonly #tree: ProcessTree;
  readonly #watchdog: GroupWatchdog;
  readonly #onLabExit = () => this.#signal('SIGKILL');

  constructor({ leader, tree, watchdog }: ProcessGroupOptions) {
    this.#leader = leader;
    this.#tree = tree;
    this.#watchdog = watchdog;
    // Before whoever clears away what these processes may still write.
    process.prependOnceListener('exit', this.#onLabExit);
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
    this.#watchdog.dismiss();
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
