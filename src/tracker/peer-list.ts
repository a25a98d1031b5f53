/**
 * The peers of swarms of one address family. A swarm's peers lie packed in one block as they go on the wire (address,
 * port), leechers first and seeders after them, so that both counts and the population of a sample are two numbers;
 * behind them stands the second in which each was last seen, 16 bits. A block has the least capacity that fits.
 *
 * Swarms of up to 128 peers are searched from end to end. Peers of larger ones are filed in one index for all swarms,
 * by the hash of swarm and peer; its values are positions in the swarm. Pure.
 */
import { readInt32, readUint16, writeUint16 } from '../wire/bep15.ts';
import { capacities } from './capacities.ts';
import { HashIndex, NO_HANDLE } from './hash-index.ts';
import { copyBytes, swapBytes } from './move-bytes.ts';
import { SlabPool } from './slab-pool.ts';
import { RecordWord } from './swarm-table.ts';
import { hashWords } from './table-hash.ts';

/** Bytes of the time at which a peer was last seen. */
const LAST_SEEN_BYTES = 2;
/** Last-seen seconds are kept modulo this; a peer must be looked at more often than every 18 hours. */
const LAST_SEEN_SPAN_S = 0x1_0000;
/**
 * From the class of 192 peers on. A search of 128 peers was measured at 0.2 µs more than one by the index, in announces
 * of 1.5 µs; an index costs twice the memory of the peers.
 */
const FIRST_INDEXED_CLASS = 14;

/** Not in the swarm. */
const NO_POSITION = -1;

export class PeerList {
  /** Bytes of a peer on the wire: 6 or 18. */
  readonly peerBytes: number;
  /** Block and offset of the open swarm's first peer, for reading. */
  bytes: Uint8Array = new Uint8Array(0);
  /** {@link bytes}. */
  view: DataView = new DataView(this.bytes.buffer);
  firstPeerAt = 0;

  private readonly pool: SlabPool;
  private readonly index = new HashIndex();
  private readonly key: Uint32Array;
  private readonly hashInput: Uint32Array;
  private records: Uint32Array = new Uint32Array(0);
  private recordAt = 0;
  private swarm = 0;
  private firstSeenAt = 0;
  private indexed = false;

  /**
   * @param peerBytes - 6 (IPv4) or 18 (IPv6)
   * @param key - two secret words, for the index
   */
  constructor(peerBytes: number, key: Uint32Array) {
    this.peerBytes = peerBytes;
    this.key = key;
    this.hashInput = new Uint32Array(1 + Math.ceil(peerBytes / 4));
    this.pool = new SlabPool(capacities.map((capacity) => capacity * (peerBytes + LAST_SEEN_BYTES)));
  }

  /** Gives a new swarm room for its first peer. */
  create(records: Uint32Array, recordAt: number): void {
    records[recordAt + RecordWord.leechers] = 0;
    records[recordAt + RecordWord.peers] = 0;
    records[recordAt + RecordWord.sizeClass] = 0;
    records[recordAt + RecordWord.block] = this.pool.allocate(0);
  }

  /** Makes a swarm the one that all other methods speak of. */
  open(records: Uint32Array, recordAt: number, swarm: number): void {
    this.records = records;
    this.recordAt = recordAt;
    this.swarm = swarm;
    this.locate();
  }

  /** Frees the block of the open swarm, which has no peers. */
  release(): void {
    this.pool.free(this.records[this.recordAt + RecordWord.block] as number);
  }

  get count(): number {
    return this.records[this.recordAt + RecordWord.peers] as number;
  }

  get leechers(): number {
    return this.records[this.recordAt + RecordWord.leechers] as number;
  }

  /** Position of a peer in the open swarm, or {@link NO_POSITION}. */
  find(peer: Uint8Array): number {
    const { count } = this;
    if (!this.indexed) {
      return this.search(peer);
    }
    const hash = this.hash(peer, 0);
    const index = this.index;
    for (let handle = index.find(hash); handle !== NO_HANDLE; handle = index.findNext(hash, handle)) {
      const position = index.value(handle);
      // A pair of another swarm may have the same hash: what counts is whether the peer stands there.
      if (position < count && this.holds(position, peer)) {
        return position;
      }
    }
    return NO_POSITION;
  }

  /**
   * Adds a peer that is not in the open swarm.
   *
   * @param nowS - monotonic clock, whole seconds
   * @returns its position
   */
  insert(peer: Uint8Array, seeder: boolean, nowS: number): number {
    const { count, leechers } = this;
    const sizeClass = this.records[this.recordAt + RecordWord.sizeClass] as number;
    if (count === capacities[sizeClass]) {
      this.resize(sizeClass + 1);
    }
    let position = count;
    if (!seeder) {
      position = leechers;
      if (leechers < count) {
        this.move(leechers, count);
      }
      this.records[this.recordAt + RecordWord.leechers] = leechers + 1;
    }
    this.records[this.recordAt + RecordWord.peers] = count + 1;
    const at = this.firstPeerAt + position * this.peerBytes;
    for (let byte = 0; byte < this.peerBytes; byte++) {
      this.bytes[at + byte] = peer[byte] as number;
    }
    this.touch(position, nowS);
    if (this.indexed) {
      this.index.add(this.hash(peer, 0), position);
    }
    return position;
  }

  /** Notes that the peer at `position` was seen. */
  touch(position: number, nowS: number): void {
    writeUint16(this.bytes, this.firstSeenAt + position * LAST_SEEN_BYTES, nowS & (LAST_SEEN_SPAN_S - 1));
  }

  /** Seconds since the peer at `position` was seen. */
  ageS(position: number, nowS: number): number {
    const lastSeen = readUint16(this.bytes, this.firstSeenAt + position * LAST_SEEN_BYTES);
    return (nowS - lastSeen) & (LAST_SEEN_SPAN_S - 1);
  }

  isSeeder(position: number): boolean {
    return position >= this.leechers;
  }

  /** Makes the leecher at `position` a seeder. Returns its new position. */
  promote(position: number): number {
    const border = this.leechers - 1;
    this.swap(position, border);
    this.records[this.recordAt + RecordWord.leechers] = border;
    return border;
  }

  /** Makes the seeder at `position` a leecher. Returns its new position. */
  demote(position: number): number {
    const border = this.leechers;
    this.swap(position, border);
    this.records[this.recordAt + RecordWord.leechers] = border + 1;
    return border;
  }

  /** Takes a peer out. Peers that stood behind it may stand elsewhere afterwards. */
  remove(position: number): void {
    if (this.indexed) {
      this.index.remove(this.hash(this.bytes, this.firstPeerAt + position * this.peerBytes), position);
    }
    const last = this.count - 1;
    let gap = position;
    if (!this.isSeeder(position)) {
      const border = this.leechers - 1;
      if (gap !== border) {
        this.move(border, gap);
      }
      gap = border;
      this.records[this.recordAt + RecordWord.leechers] = border;
    }
    if (gap !== last) {
      this.move(last, gap);
    }
    this.records[this.recordAt + RecordWord.peers] = last;
    const sizeClass = this.records[this.recordAt + RecordWord.sizeClass] as number;
    // Two classes down is half the room; only where a third class would do, so that the next few peers fit again.
    if (sizeClass >= 3 && last <= (capacities[sizeClass - 3] as number)) {
      this.resize(sizeClass - 2);
    }
  }

  /** Goes on with resizing the index, for so many slots at most. */
  settle(slots: number): void {
    this.index.settle(slots);
  }

  private locate(): void {
    const block = this.records[this.recordAt + RecordWord.block] as number;
    const sizeClass = this.records[this.recordAt + RecordWord.sizeClass] as number;
    const slab = this.pool.slabOf(block);
    this.bytes = slab.bytes;
    this.view = slab.view;
    this.firstPeerAt = this.pool.offsetOf(block);
    this.firstSeenAt = this.firstPeerAt + (capacities[sizeClass] as number) * this.peerBytes;
    this.indexed = sizeClass >= FIRST_INDEXED_CLASS;
  }

  /** Looks at all peers: for the last four bytes first, in which ports and the low address bytes differ most. */
  private search(peer: Uint8Array): number {
    const { view, peerBytes, count } = this;
    const tailAt = peerBytes - 4;
    const tail =
      (peer[tailAt] as number) |
      ((peer[tailAt + 1] as number) << 8) |
      ((peer[tailAt + 2] as number) << 16) |
      ((peer[tailAt + 3] as number) << 24);
    let at = this.firstPeerAt + tailAt;
    for (let position = 0; position < count; position++) {
      if (view.getInt32(at, true) === tail && this.holds(position, peer)) {
        return position;
      }
      at += peerBytes;
    }
    return NO_POSITION;
  }

  private holds(position: number, peer: Uint8Array): boolean {
    const { bytes, peerBytes } = this;
    const at = this.firstPeerAt + position * peerBytes;
    // From the end: ports and the low address bytes differ most.
    for (let byte = peerBytes - 1; byte >= 0; byte--) {
      if (bytes[at + byte] !== peer[byte]) {
        return false;
      }
    }
    return true;
  }

  private hash(peers: Uint8Array, at: number): number {
    const words = this.hashInput;
    words[0] = this.swarm;
    const addressWords = words.length - 2;
    for (let word = 0; word < addressWords; word++) {
      words[1 + word] = readInt32(peers, at + 4 * word);
    }
    words[1 + addressWords] = readUint16(peers, at + 4 * addressWords);
    return hashWords(this.key, words, words.length);
  }

  /** Copies the peer at `from` over the one at `to`, which is dead. */
  private move(from: number, to: number): void {
    const { bytes, peerBytes, firstPeerAt, firstSeenAt } = this;
    const fromAt = firstPeerAt + from * peerBytes;
    if (this.indexed) {
      this.index.replace(this.hash(bytes, fromAt), from, to);
    }
    bytes.copyWithin(firstPeerAt + to * peerBytes, fromAt, fromAt + peerBytes);
    const seenAt = firstSeenAt + from * LAST_SEEN_BYTES;
    bytes.copyWithin(firstSeenAt + to * LAST_SEEN_BYTES, seenAt, seenAt + LAST_SEEN_BYTES);
  }

  private swap(one: number, other: number): void {
    if (one === other) {
      return;
    }
    const { bytes, peerBytes, firstPeerAt, firstSeenAt } = this;
    const oneAt = firstPeerAt + one * peerBytes;
    const otherAt = firstPeerAt + other * peerBytes;
    if (this.indexed) {
      this.index.replace(this.hash(bytes, oneAt), one, other);
      this.index.replace(this.hash(bytes, otherAt), other, one);
    }
    swapBytes(bytes, oneAt, otherAt, peerBytes);
    swapBytes(
      bytes,
      firstSeenAt + one * LAST_SEEN_BYTES,
      firstSeenAt + other * LAST_SEEN_BYTES,
      LAST_SEEN_BYTES,
    );
  }

  private resize(sizeClass: number): void {
    const { bytes, count, peerBytes, firstPeerAt, firstSeenAt, indexed, records, recordAt } = this;
    const oldBlock = records[recordAt + RecordWord.block] as number;
    records[recordAt + RecordWord.block] = this.pool.allocate(sizeClass);
    records[recordAt + RecordWord.sizeClass] = sizeClass;
    this.locate();
    copyBytes(bytes, firstPeerAt, this.bytes, this.firstPeerAt, count * peerBytes);
    copyBytes(bytes, firstSeenAt, this.bytes, this.firstSeenAt, count * LAST_SEEN_BYTES);
    this.pool.free(oldBlock);
    if (indexed === this.indexed) {
      return;
    }
    for (let position = 0; position < count; position++) {
      const hash = this.hash(this.bytes, this.firstPeerAt + position * peerBytes);
      if (this.indexed) {
        this.index.add(hash, position);
      } else {
        this.index.remove(hash, position);
      }
    }
  }
}
