/** One page of the index; a function is seldom longer. */
const PAGE_BYTES = 4096;
/** No compiler makes a longer function; a map that says so is broken, and must not fill the index. */
const MAX_CODE_BYTES = 16 * 1024 * 1024;
const mapLine = /^([0-9a-f]{1,14}) ([0-9a-f]{1,8}) (.+)$/;

/**
 * What a JIT compiler wrote about its code: `/tmp/perf-PID.map`, one line `START SIZE name` a function, in order of
 * compilation.
 *
 * A compiler uses memory of dead code again, and nothing in the map says that code has died. Where ranges overlap, the
 * last line is the one that lives; perf itself takes any of them, and so names functions that ran at other times.
 *
 * @see https://github.com/torvalds/linux/blob/master/tools/perf/Documentation/jit-interface.txt
 */
export class JitMap {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #names: string[] = [];
  /** Rows that touch a page, oldest first. */
  readonly #rowsOfPage = new Map<number, number[]>();

  /** @param text - the map as it was when the profile ended; lines of another form are left out */
  constructor(text: string) {
    for (const line of text.split('\n')) this.#add(line);
  }

  get size(): number {
    return this.#names.length;
  }

  /** Name of the code at an address; undefined where the map has none. */
  nameAt(address: number): string | undefined {
    const rows = this.#rowsOfPage.get(Math.floor(address / PAGE_BYTES)) ?? [];
    for (let index = rows.length - 1; index >= 0; index--) {
      const row = rows[index] as number;
      if (address >= (this.#starts[row] as number) && address < (this.#ends[row] as number))
        return this.#names[row];
    }
    return undefined;
  }

  #add(line: string): void {
    const match = mapLine.exec(line);
    if (match === null) return;
    const start = Number.parseInt(match[1] as string, 16);
    const size = Number.parseInt(match[2] as string, 16);
    if (size === 0 || size > MAX_CODE_BYTES) return;
    const row = this.#names.length;
    this.#starts.push(start);
    this.#ends.push(start + size);
    this.#names.push(match[3] as string);
    const lastPage = Math.floor((start + size - 1) / PAGE_BYTES);
    for (let page = Math.floor(start / PAGE_BYTES); page <= lastPage; page++) {
      const rows = this.#rowsOfPage.get(page);
      if (rows === undefined) this.#rowsOfPage.set(page, [row]);
      else rows.push(row);
    }
  }
}
