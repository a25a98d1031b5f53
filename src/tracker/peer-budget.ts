/**
 * One limit of peers, or of swarms, for the stores of several threads. A store takes room in portions before it needs it and gives
 * back what it has too much of, so that the limit is never passed and no store can be locked out by an even split. At
 * most two portions a store lie idle.
 */

/** One for each address family's peers and one for its swarms. */
export type Budgets<Budget> = Readonly<Record<'ipv4' | 'ipv6' | 'ipv4Swarms' | 'ipv6Swarms', Budget>>;

/** Room taken at a time, at most. */
const MOST_PORTION = 1024;
/** A portion is at most this part of what one store would get in an even split. */
const PORTION_PART = 16;

/** Word 0 of the shared memory is the room that nobody has; word 1 + i is what store i has. */
const FREE = 0;

export interface PeerBudgetMemory {
  readonly words: Int32Array;
  /** Peers that one portion has room for. */
  readonly portion: number;
}

/** Memory for a limit over `stores` stores, to be passed to their threads. */
export function createPeerBudget(limit: number, stores: number): PeerBudgetMemory {
  const words = new Int32Array(new SharedArrayBuffer(4 * (stores + 1)));
  words[FREE] = limit;
  const portion = Math.max(1, Math.min(MOST_PORTION, Math.floor(limit / (stores * PORTION_PART))));
  return { words, portion };
}

/** One store's share of a budget. */
export class PeerBudget {
  private readonly words: Int32Array;
  private readonly portion: number;
  private readonly own: number;

  /** @param store - index of the store */
  constructor({ words, portion }: PeerBudgetMemory, store: number) {
    this.words = words;
    this.portion = portion;
    this.own = 1 + store;
  }

  /** @returns how many more peers the store may hold; 0 where the limit is reached */
  take(): number {
    const { words } = this;
    for (;;) {
      const free = Atomics.load(words, FREE);
      const taken = Math.min(free, this.portion);
      if (taken <= 0) {
        return 0;
      }
      if (Atomics.compareExchange(words, FREE, free, free - taken) === free) {
        Atomics.add(words, this.own, taken);
        return taken;
      }
    }
  }

  /**
   * Gives back what is more than a portion of what the store has free; nothing below two of them, so that a store
   * does not give and take in turns.
   *
   * @returns how many peers fewer the store may hold
   */
  giveBack(unused: number): number {
    if (unused <= 2 * this.portion) {
      return 0;
    }
    const given = unused - this.portion;
    Atomics.sub(this.words, this.own, given);
    Atomics.add(this.words, FREE, given);
    return given;
  }

  /** Gives back all that a store had whose thread has ended. */
  release(): void {
    Atomics.add(this.words, FREE, Atomics.exchange(this.words, this.own, 0));
  }
}
