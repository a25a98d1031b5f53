/**
 * How many peers of one address are in one swarm, so that nobody fills a swarm with made-up ports. IPv6 addresses are
 * counted by their /64, since whoever has one has all of it. Twelve bytes for each pair of address and swarm at most; it
 * exists only where a bound is set. Pure.
 */
import { readInt32 } from '../wire/bep15.ts';
import { HashIndex, NO_HANDLE } from './hash-index.ts';
import { hashWords } from './table-hash.ts';

/** A count is the low part of an index's value; the rest tells pairs with the same hash apart, but for one in 2^20. */
const COUNT_BITS = 12;
/** The largest bound. */
export const MOST_PEERS_PER_ADDRESS = 2 ** COUNT_BITS - 3;

const IPV4_PEER_BYTES = 6;

export class AddressCounts {
  private readonly index = new HashIndex();
  private readonly key: Uint32Array;
  private readonly tagKey: Uint32Array;
  private readonly words: Uint32Array;
  private readonly most: number;
  private hash = 0;
  private tag = 0;

  /**
   * @param most - peers of one address in a swarm, 1 to {@link MOST_PEERS_PER_ADDRESS}
   * @param key - two secret words
   * @param peerBytes - 6 (IPv4) or 18 (IPv6)
   */
  constructor(most: number, key: Uint32Array, peerBytes: number) {
    this.most = most;
    this.key = key;
    this.tagKey = Uint32Array.of(~(key[1] as number), ~(key[0] as number));
    this.words = new Uint32Array(peerBytes === IPV4_PEER_BYTES ? 2 : 3);
  }

  /**
   * Counts a new peer, which begins with its address at `at`.
   *
   * @returns false where the address has all that it may have; nothing is counted then
   */
  admit(swarm: number, bytes: Uint8Array, at: number): boolean {
    const value = this.find(swarm, bytes, at);
    if (value < 0) {
      this.index.add(this.hash, this.tag + 1);
      return true;
    }
    if (value - this.tag >= this.most) {
      return false;
    }
    this.index.replace(this.hash, value, value + 1);
    return true;
  }

  /** Counts a peer that has gone; it was admitted. */
  release(swarm: number, bytes: Uint8Array, at: number): void {
    const value = this.find(swarm, bytes, at);
    if (value - this.tag > 1) {
      this.index.replace(this.hash, value, value - 1);
    } else {
      this.index.remove(this.hash, value);
    }
  }

  /** Goes on with resizing, for so many slots at most. */
  settle(slots: number): void {
    this.index.settle(slots);
  }

  /** @returns tag and count of the pair, or -1 */
  private find(swarm: number, bytes: Uint8Array, at: number): number {
    const { index, words } = this;
    words[0] = swarm;
    for (let word = 1; word < words.length; word++) {
      words[word] = readInt32(bytes, at + 4 * (word - 1));
    }
    this.hash = hashWords(this.key, words, words.length);
    this.tag = ((hashWords(this.tagKey, words, words.length) >>> COUNT_BITS) << COUNT_BITS) >>> 0;
    for (
      let handle = index.find(this.hash);
      handle !== NO_HANDLE;
      handle = index.findNext(this.hash, handle)
    ) {
      const value = index.value(handle);
      if (((value >>> COUNT_BITS) << COUNT_BITS) >>> 0 === this.tag) {
        return value;
      }
    }
    return -1;
  }
}
