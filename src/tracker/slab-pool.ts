/**
 * Blocks of a few fixed sizes, cut from slabs of typed arrays, so that a million swarms need no million objects. A slab
 * holds blocks of one size; it is let go when its last block is freed, unless it is the only one of its size with room.
 * Blocks of more than half a slab have a slab of their own. Pure.
 *
 * Swarms that grow together empty slab after slab of the smaller sizes. Memory of slabs that were let go is therefore
 * used again for other sizes; what is beyond an eighth of all slabs is left to the garbage collector.
 */

/** Size of a slab: some thousand small blocks, and little enough that one of each size costs nothing. */
const SLAB_BYTES = 64 * 1024;
/** Of so many slabs in use, memory for one is kept for later. */
const SLABS_PER_SPARE = 8;
const BLOCK_BITS = 12;
const MOST_BLOCKS = 1 << BLOCK_BITS;

/** One typed array full of blocks of one size. */
export class Slab {
  readonly bytes: Uint8Array;
  /** The same memory as 32-bit words. */
  readonly words: Uint32Array;
  /** The same memory for reads and writes that are not aligned. */
  readonly view: DataView;
  readonly blockBytes: number;
  /** Blocks from here on were never used. */
  touchedBlocks = 0;
  usedBlocks = 0;
  /** Index + 1 of the first freed block; each freed block holds the next one's in its first word. */
  freedHead = 0;
  readonly sizeClass: number;
  readonly blocks: number;

  constructor(sizeClass: number, blockBytes: number, memory: ArrayBuffer) {
    this.sizeClass = sizeClass;
    this.blockBytes = blockBytes;
    this.blocks = blocksOf(blockBytes);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
    this.view = new DataView(memory);
  }
}

function blocksOf(blockBytes: number): number {
  return Math.min(Math.max(Math.floor(SLAB_BYTES / blockBytes), 1), MOST_BLOCKS);
}

export class SlabPool {
  /** Slabs by number; a hole where one was let go. */
  readonly slabs: (Slab | undefined)[] = [];
  private readonly blockBytes: readonly number[];
  private readonly vacantNumbers: number[] = [];
  private readonly spares: ArrayBuffer[] = [];
  /** By size class: numbers of the slabs with room. */
  private readonly open: number[][];

  /** @param blockBytes - size of a block by size class; multiples of 4 */
  constructor(blockBytes: readonly number[]) {
    this.blockBytes = blockBytes;
    this.open = blockBytes.map(() => []);
  }

  /** The slab of a block that is in use. */
  slabOf(reference: number): Slab {
    return this.slabs[reference >>> BLOCK_BITS] as Slab;
  }

  /** Blocks of a size class that one slab holds. */
  blocksPerSlab(sizeClass: number): number {
    return blocksOf(this.blockBytes[sizeClass] as number);
  }

  /** Offset in bytes of a block in its slab. */
  offsetOf(reference: number): number {
    return (reference & (MOST_BLOCKS - 1)) * this.slabOf(reference).blockBytes;
  }

  /** The reference of block `block` of slab `number`. */
  reference(number: number, block: number): number {
    return ((number << BLOCK_BITS) | block) >>> 0;
  }

  /**
   * Takes a block. Its content is whatever was in it before.
   *
   * @returns a reference, an unsigned 32-bit integer, good until {@link free}
   */
  allocate(sizeClass: number): number {
    const open = this.open[sizeClass] as number[];
    let number = open[open.length - 1];
    if (number === undefined) {
      number = this.vacantNumbers.pop() ?? this.slabs.length;
      this.slabs[number] = this.createSlab(sizeClass);
      open.push(number);
    }
    const slab = this.slabs[number] as Slab;
    let block: number;
    if (slab.freedHead === 0) {
      block = slab.touchedBlocks++;
    } else {
      block = slab.freedHead - 1;
      slab.freedHead = slab.words[(block * slab.blockBytes) >>> 2] as number;
    }
    slab.usedBlocks++;
    if (slab.usedBlocks === slab.blocks) {
      open.pop();
    }
    return this.reference(number, block);
  }

  /** Gives a block back. Its first word is overwritten, the rest stays as it is. */
  free(reference: number): void {
    const number = reference >>> BLOCK_BITS;
    const slab = this.slabs[number] as Slab;
    const open = this.open[slab.sizeClass] as number[];
    const block = reference & (MOST_BLOCKS - 1);
    if (slab.usedBlocks === slab.blocks) {
      open.push(number);
    }
    slab.words[(block * slab.blockBytes) >>> 2] = slab.freedHead;
    slab.freedHead = block + 1;
    slab.usedBlocks--;
    if (slab.usedBlocks === 0 && (open.length > 1 || slab.blocks === 1)) {
      open.splice(open.indexOf(number), 1);
      this.slabs[number] = undefined;
      this.vacantNumbers.push(number);
      const slabs = this.slabs.length - this.vacantNumbers.length;
      while (this.spares.length > slabs / SLABS_PER_SPARE) {
        this.spares.pop();
      }
      if (slab.blocks > 1) {
        this.spares.push(slab.bytes.buffer as ArrayBuffer);
      }
    }
  }

  private createSlab(sizeClass: number): Slab {
    const blockBytes = this.blockBytes[sizeClass] as number;
    const memory =
      blocksOf(blockBytes) > 1
        ? (this.spares.pop() ?? new ArrayBuffer(SLAB_BYTES))
        : new ArrayBuffer(blockBytes);
    return new Slab(sizeClass, blockBytes, memory);
  }
}
