/**
 * Wakes a load thread at the points of its grid. Timers of the event loop fire up to a millisecond late or more, and a
 * loop that polls instead would burn the core that the generator shares; a second thread that sleeps in `Atomics.wait`
 * is late by some tens of microseconds.
 */
import { Worker } from 'node:worker_threads';
import { builtEntry } from '../../package-root.ts';
import type { Nanoseconds } from '../../units.ts';

/** Grids finer than this share a tick: waking costs about 10 us on either side. */
const SHORTEST_PERIOD_NS = 250_000;

/** `workerData` of the metronome's thread. */
export interface MetronomeSetup {
  /** On the clock of `monotonicNs`. */
  readonly startNs: Nanoseconds;
  readonly periodNs: Nanoseconds;
  /** Two Int32; {@link MetronomeCell} names them. */
  readonly shared: SharedArrayBuffer;
}

export const MetronomeCell = {
  /** Set to 1 and notified, it ends the thread. */
  stop: 0,
  /** 1 while a tick is on its way; the load thread sets it to 0, so that it finds one tick and not a queue of them. */
  underWay: 1,
} as const;

export class Metronome {
  readonly #cells: Int32Array;

  /**
   * @param firstNs - the first point, on the clock of `monotonicNs`
   * @param stepNs - distance of the points
   * @param onTick - called on the caller's event loop
   */
  constructor(firstNs: Nanoseconds, stepNs: Nanoseconds, onTick: () => void) {
    const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(shared);
    const setup: MetronomeSetup = {
      startNs: firstNs,
      periodNs: Math.max(stepNs, SHORTEST_PERIOD_NS),
      shared,
    };
    const thread = new Worker(builtEntry('lab/load/metronome-thread.js'), { workerData: setup });
    const cells = this.#cells;
    thread.on('message', function onMetronomeTick() {
      Atomics.store(cells, MetronomeCell.underWay, 0);
      onTick();
    });
  }

  stop(): void {
    Atomics.store(this.#cells, MetronomeCell.stop, 1);
    Atomics.notify(this.#cells, MetronomeCell.stop);
  }
}
