/**
 * Limits connect requests per address and minute, in memory that does not grow. IPv6 senders are told apart by their
 * /64, since whoever has one has all of it.
 *
 * A table of sets of four entries; an address belongs to one set. Where a set is full, the entry with the fewest
 * requests makes room: a flood of made-up senders can free some of the limit, but never put it on anybody else. Pure.
 */
import { readUint32 } from '../wire/bep15.ts';
import { hashWords } from './table-hash.ts';

const SETS = 1 << 14;
const WAYS = 4;
const WINDOW_S = 60;
/** Counts stop here; a limit is at most this. */
export const MOST_CONNECTS_PER_MINUTE = 0xffff;

export class ConnectRateLimit {
  private readonly key: Uint32Array;
  private readonly perMinute: number;
  /** Slot `s`: two words that stand for an address, at `2 s`. */
  private readonly owners = new Uint32Array(2 * SETS * WAYS);
  private readonly windows = new Uint16Array(SETS * WAYS);
  private readonly counts = new Uint16Array(SETS * WAYS);
  private readonly words = new Uint32Array(2);

  /**
   * @param perMinute - 1 to {@link MOST_CONNECTS_PER_MINUTE}
   * @param key - two secret words
   */
  constructor(perMinute: number, key: Uint32Array) {
    this.perMinute = perMinute;
    this.key = key;
  }

  /**
   * Counts a request and says whether it is within the limit.
   *
   * @param address - IP address from index 0, 4 or 16 bytes by `addressBytes`
   * @param nowS - monotonic clock, whole seconds
   */
  admits(address: Uint8Array, addressBytes: number, nowS: number): boolean {
    const window = Math.floor(nowS / WINDOW_S) & 0xffff;
    const slot = this.slotOf(address, addressBytes, window);
    const count = this.counts[slot] as number;
    if (count >= this.perMinute) {
      return false;
    }
    this.counts[slot] = count + 1;
    return true;
  }

  private slotOf(address: Uint8Array, addressBytes: number, window: number): number {
    const { words, owners, windows, counts } = this;
    // IPv4 addresses take the words of 0:4::/32, which is reserved: no IPv6 sender has them.
    const high = addressBytes === 4 ? 4 : readUint32(address, 0);
    const low = readUint32(address, addressBytes === 4 ? 0 : 4);
    words[0] = high;
    words[1] = low;
    const first = (hashWords(this.key, words, words.length) & (SETS - 1)) * WAYS;
    let least = first;
    let leastCount = Number.POSITIVE_INFINITY;
    for (let slot = first; slot < first + WAYS; slot++) {
      const current = windows[slot] === window;
      if (current && owners[2 * slot] === high && owners[2 * slot + 1] === low) {
        return slot;
      }
      const count = current ? (counts[slot] as number) : 0;
      if (count < leastCount) {
        least = slot;
        leastCount = count;
      }
    }
    owners[2 * least] = high;
    owners[2 * least + 1] = low;
    windows[least] = window;
    counts[least] = 0;
    return least;
  }
}
