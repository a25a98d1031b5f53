/** An agent's slice, from the threads' start to what they counted. It is told what to do, and knows nothing of Redis. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LabError } from '../../errors.ts';
import { type LoadPool, startLoad } from '../load/load-pool.ts';
import type { LoadPlan, Order, ProgressMessage, SliceResult } from './agent-messages.ts';
import type { ClockOffset } from './clock-offset.ts';
import { toIntervalMessage } from './interval-message.ts';
import { monotonicUs } from './redis-clock.ts';
import { hostMarks, isSameMachine } from './this-host.ts';

/** A timer fires late rather than early; the rest is waited for turn by turn of the event loop. */
const TIMER_MARGIN_MS = 3;

export interface SliceRunOptions {
  readonly plan: LoadPlan;
  /** Numbers of the plan's threads that are this agent's. */
  readonly threads: readonly number[];
  /** Where the clock of Redis stands. */
  readonly clock: ClockOffset;
  /** Called in the order of what happens. */
  readonly tell: (message: ProgressMessage) => void;
}

export class SliceRun {
  readonly #options: SliceRunOptions;
  readonly #pool: LoadPool;
  #orders: Promise<void> = Promise.resolve();
  #settle: (result: SliceResult) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #isOver = false;
  /** Resolves with what was counted, also where the lab has ended the run early; rejects where it was cancelled. */
  readonly result: Promise<SliceResult>;

  private constructor(options: SliceRunOptions, pool: LoadPool) {
    this.#options = options;
    this.#pool = pool;
    this.result = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    // It may be cancelled before anybody waits for it.
    this.result.catch(() => undefined);
  }

  /**
   * Opens the slice's sockets.
   *
   * @throws LabError as `startLoad`
   */
  static async start(options: SliceRunOptions): Promise<SliceRun> {
    const { plan, threads, clock, tell } = options;
    // The monotonic clock of one machine is one clock; that of another is known by way of Redis.
    const isHere = isSameMachine({ machine: plan.labMachine }, hostMarks());
    const pool = await startLoad({
      scenario: plan.scenario,
      infoHashes: plan.infoHashes,
      threads,
      target: plan.target,
      otherTargets: plan.otherTargets,
      sliceShiftNs: isHere ? 0 : (clock.offsetUs - plan.labClockOffsetUs) * 1000,
      now: () => (monotonicUs() + clock.offsetUs) / 1000,
      onSecond: () => undefined,
      onIntervals: ({ phase, startMs, endMs }, intervals) =>
        tell({ type: 'row', phase, startMs, endMs, intervals: intervals.map(toIntervalMessage) }),
      onFailure: (error: LabError) => tell({ type: 'thread-lost', line: error.toLine() }),
    });
    return new SliceRun(options, pool);
  }

  /** Orders are carried out in turn, each at its time; `abort` at once. */
  take(order: Order): void {
    if (order.type === 'abort') {
      this.#finish(this.#pool.abort());
      return;
    }
    this.#orders = this.#orders.then(() => this.#carryOut(order));
  }

  /** Ends the load at once; what it counted is lost. */
  cancel(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#pool.abort().then(() => this.#fail(reason), this.#fail);
  }

  async #carryOut(order: Exclude<Order, { type: 'abort' }>): Promise<void> {
    const { clock, tell } = this.#options;
    const atUs = order.atUs - clock.offsetUs;
    await untilMonotonic(atUs);
    if (this.#isOver) return;
    if (order.type === 'stop') {
      this.#finish(this.#pool.stop());
      return;
    }
    this.#pool.beginPhase(order.phase, atUs * 1000);
    tell({ type: 'began', phase: order.phase, skewUs: monotonicUs() - atUs });
  }

  #finish(loaded: ReturnType<LoadPool['stop']>): void {
    void loaded.then(({ lostThreads }) => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#settle({
        reports: [...this.#pool.reports],
        lostThreads: { ...lostThreads, causes: [...lostThreads.causes] },
      });
    }, this.#fail);
  }
}

/** Waits for a moment of the monotonic clock, to some tens of microseconds. */
async function untilMonotonic(atUs: number): Promise<void> {
  const leftMs = (atUs - monotonicUs()) / 1000 - TIMER_MARGIN_MS;
  if (leftMs > 0) await delay(leftMs);
  while (monotonicUs() < atUs) await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
