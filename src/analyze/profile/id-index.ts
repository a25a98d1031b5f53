import { MalformedProtobuf } from './protobuf-reader.ts';

/** Finds the row of a table by the id that the rest of a pprof file calls it. */
export class IdIndex {
  // Most writers number from 1 on, and then an array is enough: -1 marks the gaps.
  readonly #dense: Int32Array | null;
  readonly #sparse: ReadonlyMap<number, number> | null;
  readonly #what: string;

  /**
   * @param what - what the ids stand for, for messages
   * @param ids - by row
   * @throws MalformedProtobuf where an id is 0, stands twice, or is too large to be told from its neighbours (2^53)
   */
  constructor(what: string, ids: readonly number[]) {
    this.#what = what;
    let largest = 0;
    for (const id of ids) {
      if (id === 0) throw new MalformedProtobuf(`a ${what} has the reserved id 0`);
      if (id > largest) largest = id;
    }
    if (largest > Number.MAX_SAFE_INTEGER) throw new MalformedProtobuf(`a ${what} has an id beyond 2^53`);
    if (largest < 4 * ids.length + 1024) {
      this.#dense = new Int32Array(largest + 1).fill(-1);
      this.#sparse = null;
      for (let row = 0; row < ids.length; row++) {
        const id = ids[row] as number;
        if (this.#dense[id] !== -1) throw this.#doubled(id);
        this.#dense[id] = row;
      }
      return;
    }
    const sparse = new Map<number, number>();
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row] as number;
      if (sparse.has(id)) throw this.#doubled(id);
      sparse.set(id, row);
    }
    this.#dense = null;
    this.#sparse = sparse;
  }

  /** @throws MalformedProtobuf where no row has this id */
  rowOf(id: number): number {
    const row = this.#dense !== null ? this.#dense[id] : this.#sparse?.get(id);
    if (row === undefined || row < 0)
      throw new MalformedProtobuf(`${this.#what} ${id} is used but not defined`);
    return row;
  }

  #doubled(id: number): MalformedProtobuf {
    return new MalformedProtobuf(`two ${this.#what}s have the id ${id}`);
  }
}
