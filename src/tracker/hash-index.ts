/**
 * A multiset of (hash, value) pairs in typed arrays: open addressing with linear probing, 8 bytes a slot. It knows
 * nothing of keys: {@link HashIndex.find} and {@link HashIndex.findNext} walk the values filed under a hash, and the
 * caller compares the keys that they stand for.
 *
 * It grows and shrinks without a pause: a new table is put beside the old one, and every change carries a few slots
 * over until the old one is empty. Pure.
 */

const SMALLEST_CAPACITY = 64;

/**
 * Slots carried over with each change. A table is left at three quarters or at a fifth of its slots; with 8 the old one
 * is empty after an eighth of its slots in changes, long before the new one is full.
 */
const CARRY_SLOTS = 8;

/** No such pair. */
export const NO_HANDLE = -1;

const EMPTY = 0;
/** In the old table only: the pair was carried over or removed; probing goes on behind it. */
const GONE = 0xffff_ffff;

export class HashIndex {
  /** Slot `s`: hash at `2 s`, value + 1 at `2 s + 1`. */
  private table = new Uint32Array(2 * SMALLEST_CAPACITY);
  private mask = SMALLEST_CAPACITY - 1;
  private old: Uint32Array | null = null;
  private oldMask = 0;
  private oldCursor = 0;
  private pairs = 0;

  /** Number of pairs. */
  get size(): number {
    return this.pairs;
  }

  /** Bytes of the tables. */
  get sizeBytes(): number {
    return this.table.byteLength + (this.old?.byteLength ?? 0);
  }

  /**
   * The first pair filed under `hash`.
   *
   * @returns a handle, good until the next change, or {@link NO_HANDLE}
   */
  find(hash: number): number {
    return this.scan(hash, hash & this.mask);
  }

  /** The next pair after `handle` filed under the same `hash`. */
  findNext(hash: number, handle: number): number {
    return handle >= 0
      ? this.scan(hash, (handle + 1) & this.mask)
      : this.scanOld(hash, (-2 - handle + 1) & this.oldMask);
  }

  value(handle: number): number {
    return handle >= 0
      ? (this.table[2 * handle + 1] as number) - 1
      : ((this.old as Uint32Array)[2 * (-2 - handle) + 1] as number) - 1;
  }

  /**
   * Files a pair.
   *
   * @param hash - unsigned 32-bit integer
   * @param value - 0 to 2^32 - 3
   */
  add(hash: number, value: number): void {
    this.carryOver(CARRY_SLOTS);
    const capacity = this.mask + 1;
    if (this.old === null && (this.pairs + 1) * 4 > capacity * 3) {
      this.startResize(capacity * 2);
    }
    this.insert(hash, value + 1);
    this.pairs++;
  }

  /** Gives the pair (`hash`, `from`) the value `to`. The pair is there (a bug of the caller otherwise). */
  replace(hash: number, from: number, to: number): void {
    const handle = this.findPair(hash, from);
    if (handle >= 0) {
      this.table[2 * handle + 1] = to + 1;
    } else {
      (this.old as Uint32Array)[2 * (-2 - handle) + 1] = to + 1;
    }
  }

  /** Takes the pair (`hash`, `value`) out. The pair is there (a bug of the caller otherwise). */
  remove(hash: number, value: number): void {
    const handle = this.findPair(hash, value);
    if (handle >= 0) {
      this.closeGap(handle);
    } else {
      (this.old as Uint32Array)[2 * (-2 - handle) + 1] = GONE;
    }
    this.pairs--;
    this.settle(CARRY_SLOTS);
  }

  /** Goes on with growing or shrinking, for so many slots at most. Changes do so by themselves; a timer may help. */
  settle(slots: number): void {
    const capacity = this.mask + 1;
    if (this.pairs === 0 && capacity > SMALLEST_CAPACITY) {
      this.startResize(SMALLEST_CAPACITY);
      this.old = null;
      return;
    }
    if (this.old === null && capacity > SMALLEST_CAPACITY && this.pairs * 5 < capacity) {
      this.startResize(capacity / 2);
    }
    this.carryOver(slots);
  }

  private findPair(hash: number, value: number): number {
    let handle = this.find(hash);
    while (handle !== NO_HANDLE && this.value(handle) !== value) {
      handle = this.findNext(hash, handle);
    }
    if (handle === NO_HANDLE) {
      throw new Error(`no pair (${hash}, ${value}) in the index`);
    }
    return handle;
  }

  private scan(hash: number, from: number): number {
    const { table, mask } = this;
    for (let slot = from; table[2 * slot + 1] !== EMPTY; slot = (slot + 1) & mask) {
      if (table[2 * slot] === hash) {
        return slot;
      }
    }
    return this.old === null ? NO_HANDLE : this.scanOld(hash, hash & this.oldMask);
  }

  private scanOld(hash: number, from: number): number {
    const old = this.old as Uint32Array;
    for (let slot = from; old[2 * slot + 1] !== EMPTY; slot = (slot + 1) & this.oldMask) {
      if (old[2 * slot] === hash && old[2 * slot + 1] !== GONE) {
        return -2 - slot;
      }
    }
    return NO_HANDLE;
  }

  private insert(hash: number, stored: number): void {
    const { table, mask } = this;
    let slot = hash & mask;
    while (table[2 * slot + 1] !== EMPTY) {
      slot = (slot + 1) & mask;
    }
    table[2 * slot] = hash;
    table[2 * slot + 1] = stored;
  }

  /** Empties a slot of the new table and moves up what probing would no longer reach. */
  private closeGap(slot: number): void {
    const { table, mask } = this;
    let gap = slot;
    for (let next = (gap + 1) & mask; table[2 * next + 1] !== EMPTY; next = (next + 1) & mask) {
      const home = (table[2 * next] as number) & mask;
      // The pair may move to the gap unless its home lies behind the gap, on the way to where it stands.
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        table[2 * gap] = table[2 * next] as number;
        table[2 * gap + 1] = table[2 * next + 1] as number;
        gap = next;
      }
    }
    table[2 * gap + 1] = EMPTY;
  }

  private startResize(capacity: number): void {
    this.old = this.table;
    this.oldMask = this.mask;
    this.oldCursor = 0;
    this.table = new Uint32Array(2 * capacity);
    this.mask = capacity - 1;
  }

  private carryOver(slots: number): void {
    const old = this.old;
    if (old === null) {
      return;
    }
    const end = Math.min(this.oldCursor + slots, this.oldMask + 1);
    for (let slot = this.oldCursor; slot < end; slot++) {
      const stored = old[2 * slot + 1] as number;
      if (stored !== EMPTY && stored !== GONE) {
        this.insert(old[2 * slot] as number, stored);
        old[2 * slot + 1] = GONE;
      }
    }
    this.oldCursor = end;
    if (end > this.oldMask) {
      this.old = null;
    }
  }
}
