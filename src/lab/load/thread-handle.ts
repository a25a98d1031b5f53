/** One load thread as the pool sees it. */
import { Worker } from 'node:worker_threads';
import { LabError } from '../../errors.ts';
import type { FromThread, PhaseSoFar, ThreadReport, ThreadSetup, ToThread } from './thread-messages.ts';

export interface ThreadHandleOptions {
  /** Absolute path of the thread's program. */
  readonly entry: string;
  readonly setup: ThreadSetup;
  readonly onSnapshot: (thread: ThreadHandle, message: FromThread & { type: 'snapshot' }) => void;
  /** The thread ended without a report. Not called before it is ready, nor after {@link ThreadHandle.terminate}. */
  readonly onLost: (thread: ThreadHandle, cause: string) => void;
}

export class ThreadHandle {
  readonly number: number;
  /** Settles once the thread has opened its sockets. Rejects with a LabError where it cannot, or with its own error. */
  readonly ready: Promise<void>;
  /** Settles with the thread's report, or with null where it ended without one. Never rejects. */
  readonly finished: Promise<ThreadReport | null>;
  readonly #worker: Worker;
  #onPhases: ((phases: readonly PhaseSoFar[]) => void) | undefined;

  constructor(options: ThreadHandleOptions) {
    this.number = options.setup.thread;
    const worker = new Worker(options.entry, { workerData: options.setup });
    this.#worker = worker;
    let isReady = false;
    let report: ThreadReport | null = null;
    let crash: Error | undefined;
    worker.on('error', (error: Error) => {
      crash = error;
    });
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.type === 'snapshot') options.onSnapshot(this, message);
        else if (message.type === 'phases') this.#onPhases?.(message.phases);
        else if (message.type === 'finished') report = message.report;
        else if (message.type === 'refused') reject(new LabError(message));
        else {
          isReady = true;
          resolve();
        }
      });
      worker.on('exit', () => {
        reject(crash ?? new Error(`load thread ${this.number} ended before it was ready`));
      });
    });
    this.finished = new Promise((resolve) => {
      worker.on('exit', (code) => {
        const cause = crash === undefined ? `exit code ${code}` : `${crash.name}: ${crash.message}`;
        if (isReady && report === null) options.onLost(this, cause);
        resolve(report);
      });
    });
  }

  tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** What the thread counted in the phases that are over; none where it ends before it answers. One at a time. */
  async phasesSoFar(): Promise<readonly PhaseSoFar[]> {
    const answer = new Promise<readonly PhaseSoFar[]>((resolve) => {
      this.#onPhases = resolve;
    });
    this.tell({ type: 'tell-phases' });
    return Promise.race([answer, this.finished.then(() => [])]);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
