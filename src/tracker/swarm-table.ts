/**
 * The swarms of one address family by info hash: 40-byte records in slabs, found by an index on the hash. What the
 * peers' fields of a record mean is the peer list's affair. Pure.
 */
import { INFO_HASH_BYTES, readInt32 } from '../wire/bep15.ts';
import { HashIndex, NO_HANDLE } from './hash-index.ts';
import { SlabPool } from './slab-pool.ts';
import { hashWords } from './table-hash.ts';

/** Words of a record. A record whose `peers` is 0 is not in use. */
export const RecordWord = {
  hash: 0,
  /** Downloads completed since the swarm came to be. */
  completed: 5,
  leechers: 6,
  /** Leechers and seeders. */
  peers: 7,
  /** Reference of the block that holds the peers. */
  block: 8,
  sizeClass: 9,
} as const;

const RECORD_WORDS = 10;
const HASH_WORDS = INFO_HASH_BYTES / 4;

/** No such swarm. */
export const NO_SWARM = -1;

export class SwarmTable {
  private readonly pool = new SlabPool([RECORD_WORDS * 4]);
  private readonly index = new HashIndex();
  private readonly key: Uint32Array;
  private readonly sought = new Uint32Array(HASH_WORDS);
  private soughtHash = 0;

  /** @param key - two secret words, for the index */
  constructor(key: Uint32Array) {
    this.key = key;
  }

  get size(): number {
    return this.index.size;
  }

  /** Number of slabs, holes included, as {@link recordsOfSlab} takes them. */
  get slabCount(): number {
    return this.pool.slabs.length;
  }

  /** Records that slab `slab` holds or once held; 0 where it was let go. */
  recordsOfSlab(slab: number): number {
    return this.pool.slabs[slab]?.touchedBlocks ?? 0;
  }

  /** Records that there is room for, and one a slab: about the steps of a walk over all of them. */
  get slotCount(): number {
    return this.pool.slabs.length * (this.pool.blocksPerSlab(0) + 1);
  }

  /** Whether the record of the reference is a swarm's. */
  isInUse(reference: number): boolean {
    return this.words(reference)[this.wordAt(reference) + RecordWord.peers] !== 0;
  }

  /** Reference of record `record` of slab `slab`, in use or not. */
  reference(slab: number, record: number): number {
    return this.pool.reference(slab, record);
  }

  /** The words in which the record of a swarm stands. */
  words(swarm: number): Uint32Array {
    return this.pool.slabOf(swarm).words;
  }

  /** Index of the record's first word in {@link words}. */
  wordAt(swarm: number): number {
    return this.pool.offsetOf(swarm) >>> 2;
  }

  /** The swarm of the info hash at `at`, a reference that is good until {@link remove}, or {@link NO_SWARM}. */
  find(bytes: Uint8Array, at: number): number {
    const { sought, index } = this;
    for (let word = 0; word < HASH_WORDS; word++) {
      sought[word] = readInt32(bytes, at + 4 * word);
    }
    const hash = hashWords(this.key, sought, HASH_WORDS);
    this.soughtHash = hash;
    for (let handle = index.find(hash); handle !== NO_HANDLE; handle = index.findNext(hash, handle)) {
      const swarm = index.value(handle);
      if (this.hasSoughtHash(swarm)) {
        return swarm;
      }
    }
    return NO_SWARM;
  }

  /** Makes a record for the hash that {@link find} just did not find. Its peers' fields are not set. */
  createSought(): number {
    const swarm = this.pool.allocate(0);
    const words = this.words(swarm);
    const wordAt = this.wordAt(swarm);
    for (let word = 0; word < HASH_WORDS; word++) {
      words[wordAt + RecordWord.hash + word] = this.sought[word] as number;
    }
    words[wordAt + RecordWord.completed] = 0;
    this.index.add(this.soughtHash, swarm);
    return swarm;
  }

  /** Takes a swarm out, whose `peers` is 0. */
  remove(swarm: number): void {
    const words = this.words(swarm);
    const wordAt = this.wordAt(swarm) + RecordWord.hash;
    for (let word = 0; word < HASH_WORDS; word++) {
      this.sought[word] = words[wordAt + word] as number;
    }
    this.index.remove(hashWords(this.key, this.sought, HASH_WORDS), swarm);
    this.pool.free(swarm);
  }

  /** Goes on with resizing the index, for so many slots at most. */
  settle(slots: number): void {
    this.index.settle(slots);
  }

  private hasSoughtHash(swarm: number): boolean {
    const words = this.words(swarm);
    const wordAt = this.wordAt(swarm) + RecordWord.hash;
    for (let word = 0; word < HASH_WORDS; word++) {
      if (words[wordAt + word] !== this.sought[word]) {
        return false;
      }
    }
    return true;
  }
}
