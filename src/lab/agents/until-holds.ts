import type { Milliseconds } from '../../units.ts';

/** Waits for conditions that somebody else brings about, and says so. */
export class UntilHolds {
  readonly #waiting = new Set<() => void>();

  /**
   * Resolves as soon as it holds, or with the end of the patience.
   *
   * @param patienceMs - null: for as long as it takes
   */
  wait(holds: () => boolean, patienceMs: Milliseconds | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = patienceMs === null ? undefined : setTimeout(finish, patienceMs);
      const waiting = this.#waiting;
      function finish(): void {
        clearTimeout(timer);
        waiting.delete(check);
        resolve();
      }
      function check(): void {
        if (holds()) finish();
      }
      waiting.add(check);
      check();
    });
  }

  /** Something changed. */
  check(): void {
    for (const check of [...this.#waiting]) check();
  }
}
