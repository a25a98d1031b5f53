/** A set of info hashes in typed arrays, about 36 bytes a hash. It only grows; a new list is a new set. Pure. */
import { INFO_HASH_BYTES, readInt32 } from '../wire/bep15.ts';
import { HashIndex, NO_HANDLE } from './hash-index.ts';
import { hashWords } from './table-hash.ts';

const HASH_WORDS = INFO_HASH_BYTES / 4;
const PAGE_BITS = 10;
const PAGE_HASHES = 1 << PAGE_BITS;

export class InfoHashSet {
  private readonly key: Uint32Array;
  private readonly index = new HashIndex();
  private readonly pages: Uint32Array[] = [];
  private readonly sought = new Uint32Array(HASH_WORDS);

  /** @param key - two secret words */
  constructor(key: Uint32Array) {
    this.key = key;
  }

  get size(): number {
    return this.index.size;
  }

  /** Whether the 20 bytes at `at` are in the set. */
  has(bytes: Uint8Array, at: number): boolean {
    return this.holds(this.seek(bytes, at));
  }

  /** Adds the 20 bytes at `at`. */
  add(bytes: Uint8Array, at: number): void {
    const hash = this.seek(bytes, at);
    if (this.holds(hash)) {
      return;
    }
    const ordinal = this.index.size;
    if (ordinal >>> PAGE_BITS === this.pages.length) {
      this.pages.push(new Uint32Array(PAGE_HASHES * HASH_WORDS));
    }
    const page = this.pages[ordinal >>> PAGE_BITS] as Uint32Array;
    page.set(this.sought, (ordinal & (PAGE_HASHES - 1)) * HASH_WORDS);
    this.index.add(hash, ordinal);
  }

  private seek(bytes: Uint8Array, at: number): number {
    for (let word = 0; word < HASH_WORDS; word++) {
      this.sought[word] = readInt32(bytes, at + 4 * word);
    }
    return hashWords(this.key, this.sought, HASH_WORDS);
  }

  private holds(hash: number): boolean {
    const { index } = this;
    for (let handle = index.find(hash); handle !== NO_HANDLE; handle = index.findNext(hash, handle)) {
      if (this.isSought(index.value(handle))) {
        return true;
      }
    }
    return false;
  }

  private isSought(ordinal: number): boolean {
    const page = this.pages[ordinal >>> PAGE_BITS] as Uint32Array;
    const at = (ordinal & (PAGE_HASHES - 1)) * HASH_WORDS;
    for (let word = 0; word < HASH_WORDS; word++) {
      if (page[at + word] !== this.sought[word]) {
        return false;
      }
    }
    return true;
  }
}
