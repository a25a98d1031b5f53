import type { Nanoseconds } from '../../units.ts';

/** Requests that reach one queue, in order of time. */
export interface Arrivals {
  /** When the arrival at hand came; the simulation's clock begins at 0. */
  readonly atNs: Nanoseconds;
  /** Goes on to the next arrival; false: there is none before the end. */
  next(): boolean;
  /** The arrival at hand found no room. */
  dropped(): void;
}
