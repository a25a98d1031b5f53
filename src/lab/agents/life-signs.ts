import type { Milliseconds } from '../../units.ts';

/** How often an agent, and the lab, give a sign of life. */
export const BEAT_MS = 250;
/** How often the lab looks for them. */
export const WATCH_MS = 200;
/**
 * Silence after which the other side counts as lost. With what lies between two beats and two looks it is seen within two
 * seconds of the last sign.
 */
export const SILENCE_MS = 1_500;

/** Who is alive, by counters that have to go on. Pure: the clock is an argument. */
export class LifeSigns {
  readonly #last = new Map<string, { readonly beat: string; readonly atMs: Milliseconds }>();

  /**
   * Notes what was read of one.
   *
   * @param beat - anything that is different at each sign of life; null: there is none
   * @returns how long it has been silent
   */
  see(name: string, beat: string | null, nowMs: Milliseconds): Milliseconds {
    const last = this.#last.get(name);
    if (last === undefined || (beat !== null && beat !== last.beat)) {
      this.#last.set(name, { beat: beat ?? '', atMs: nowMs });
      return 0;
    }
    return nowMs - last.atMs;
  }
}
