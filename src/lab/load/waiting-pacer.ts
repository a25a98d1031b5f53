/**
 * Wakes a load thread at the points of its grid without a second thread: between them it waits for replies itself, to
 * the microsecond. On a core that the load keeps busy the kernel lets a second thread wait for milliseconds, and what was
 * due meanwhile goes out at once.
 */
import type { Nanoseconds } from '../../units.ts';
import type { SocketWait } from '../../wire/socket-wait.ts';
import { monotonicNs } from './monotonic-clock.ts';

/** Grids finer than this share a turn. */
const SHORTEST_PERIOD_NS = 250_000;
/** The event loop stands still for so long at most: messages and timers have to wait. */
const LONGEST_WAIT_NS = 1e6;
/** What is further away than this is left to a timer, which may fire a millisecond late or more. */
const FAR_NS = 4e6;
const TIMER_MARGIN_MS = 2;

export interface WaitingPacerOptions {
  readonly wait: SocketWait;
  /** The next point, on the clock of `monotonicNs`. */
  readonly nextNs: () => Nanoseconds;
  /** Called on the caller's event loop when that point has come. */
  readonly onDue: () => void;
}

export class WaitingPacer {
  readonly #options: WaitingPacerOptions;
  readonly #turn = (): void => this.#takeTurn();
  #earliestNs = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WaitingPacerOptions) {
    this.#options = options;
    setImmediate(this.#turn);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #takeTurn(): void {
    if (this.#isStopped) return;
    const { wait, nextNs, onDue } = this.#options;
    const aheadNs = Math.max(nextNs(), this.#earliestNs) - monotonicNs();
    if (aheadNs > FAR_NS) {
      this.#timer = setTimeout(this.#turn, Math.floor(aheadNs / 1e6) - TIMER_MARGIN_MS);
      return;
    }
    wait.wait(Math.min(aheadNs, LONGEST_WAIT_NS));
    if (this.#isStopped) return;
    const nowNs = monotonicNs();
    if (nowNs >= Math.max(nextNs(), this.#earliestNs)) {
      this.#earliestNs = nowNs + SHORTEST_PERIOD_NS;
      onDue();
    }
    setImmediate(this.#turn);
  }
}
