import type { Milliseconds } from '../units.ts';

/** Why a run was cut short. */
export interface InterruptionCause {
  readonly kind: 'signal' | 'target-exited' | 'load-failed' | 'profiler-failed' | 'unfinished';
  readonly reason: string;
}

/** The one place where a run learns that it must end early; the first cause stays. */
export class Interruption {
  #cause: InterruptionCause | null = null;
  #raisedMs = 0;
  #wake: () => void = () => {};
  /** Resolves when the run must end early; never where it does not. */
  readonly raised: Promise<void>;

  /** @param signal - aborted by the operator; its reason names the signal */
  constructor(signal: AbortSignal) {
    this.raised = new Promise((resolve) => {
      this.#wake = resolve;
    });
    const raiseSignal = (): void =>
      this.raise({ kind: 'signal', reason: `stopped by ${String(signal.reason)}` });
    if (signal.aborted) raiseSignal();
    else signal.addEventListener('abort', raiseSignal, { once: true });
  }

  get cause(): InterruptionCause | null {
    return this.#cause;
  }

  /**
   * What is left of a time that began when the run was to end early.
   *
   * @returns null where it is to go on
   */
  leftOf(totalMs: Milliseconds): Milliseconds | null {
    return this.#cause === null ? null : Math.max(0, this.#raisedMs + totalMs - performance.now());
  }

  raise(cause: InterruptionCause): void {
    if (this.#cause !== null) return;
    this.#cause = cause;
    this.#raisedMs = performance.now();
    this.#wake();
  }

  /**
   * Waits, but not past an interruption.
   *
   * @returns false where the run must end now
   */
  async wait(durationMs: Milliseconds): Promise<boolean> {
    if (this.#cause !== null) return false;
    let timer: NodeJS.Timeout | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, durationMs);
    });
    await Promise.race([elapsed, this.raised]);
    clearTimeout(timer);
    return this.#cause === null;
  }
}
