/** Merges the stacks of one or two profiles into one call tree. */
import { type FlameClass, flameClasses } from '../../page-data.ts';
import { isIdle } from '../cost-shares.ts';
import type { Frame, Profile } from '../profile/profile.ts';

/** A function by name, file and class; its lines are merged. */
export interface TreeFunction {
  readonly name: string;
  readonly file: string;
  readonly class: FlameClass;
  /** Cost by line, to find the one to show. */
  readonly costByLine: Map<number, number>;
}

/**
 * Frames below this depth are merged into one that says so: a recursion of 10^5 frames is no picture. Go's profiler stops
 * at 128 frames, perf's default at 127, V8's at 255.
 */
const DEEPEST = 256;

/** Nodes in columns, a parent before its children. Node 0 is the root. */
export class CallTree {
  readonly functions: TreeFunction[] = [];
  /** -1 at the root. */
  readonly functionOf: number[] = [-1];
  readonly parent: number[] = [-1];
  readonly depth: number[] = [-1];
  /** `self[column][node]` */
  readonly self: number[][];
  readonly #functionIndex = new Map<string, number>();
  readonly #childIndex = new Map<number, number>();

  /** @param columns - how many values each node has */
  constructor(columns: number) {
    this.self = Array.from({ length: columns }, () => [0]);
  }

  /**
   * Adds all samples of a profile. Values below 0, which only a difference of profiles has, count as 0.
   *
   * @param columns - which of the profile's value types goes into which column
   * @param scale - factor of every value
   * @param withIdle - also samples in which the program waited for work
   */
  add(
    profile: Profile,
    columns: readonly { readonly from: number; readonly to: number }[],
    { scale = 1, withIdle = true }: { readonly scale?: number; readonly withIdle?: boolean } = {},
  ): void {
    const functions = new Int32Array(profile.frames.length).fill(-1);
    for (let sample = 0; sample < profile.sampleCount; sample++) {
      if (!withIdle && isIdle(profile, sample)) continue;
      const values = columns.map(({ from }) => Math.max(0, profile.values[from]?.[sample] ?? 0) * scale);
      if (values.every((value) => value === 0)) continue;
      const node = this.#nodeOf(profile, functions, sample, values[0] as number);
      for (const [index, { to }] of columns.entries()) {
        (this.self[to] as number[])[node] = (this.self[to]?.[node] as number) + (values[index] as number);
      }
    }
  }

  /** The sums of nodes with all below them, by column. */
  totals(): Float64Array[] {
    return this.self.map((self) => {
      const total = Float64Array.from(self);
      for (let node = total.length - 1; node > 0; node--) {
        const parent = this.parent[node] as number;
        total[parent] = (total[parent] as number) + (total[node] as number);
      }
      return total;
    });
  }

  #nodeOf(profile: Profile, functions: Int32Array, sample: number, cost: number): number {
    const start = profile.stackStart[sample] as number;
    const end = profile.stackStart[sample + 1] as number;
    let node = 0;
    for (let at = end - 1; at >= start; at--) {
      const index = profile.stackFrames[at] as number;
      const frame = profile.frames[index] as Frame;
      if (functions[index] === -1) functions[index] = this.#functionFor(frame);
      const owner = functions[index] as number;
      if (end - 1 - at === DEEPEST) return this.#child(node, this.#deeper());
      const { costByLine } = this.functions[owner] as TreeFunction;
      costByLine.set(frame.line, (costByLine.get(frame.line) ?? 0) + cost);
      node = this.#child(node, owner);
    }
    return node;
  }

  #functionFor(frame: Frame): number {
    return this.#intern(frame.functionName, frame.file, frame.runtime === 'kernel' ? 'kernel' : frame.class);
  }

  #deeper(): number {
    return this.#intern('(pruned: deeper frames)', '', 'pruned');
  }

  #intern(name: string, file: string, frameClass: FlameClass): number {
    const key = `${flameClasses.indexOf(frameClass)}\0${file}\0${name}`;
    let index = this.#functionIndex.get(key);
    if (index === undefined) {
      index = this.functions.length;
      this.functions.push({ name, file, class: frameClass, costByLine: new Map() });
      this.#functionIndex.set(key, index);
    }
    return index;
  }

  #child(parent: number, owner: number): number {
    // Fewer than 2^22 nodes and functions each: profiles of more bytes are not read.
    const key = parent * 2 ** 26 + owner;
    let node = this.#childIndex.get(key);
    if (node === undefined) {
      node = this.functionOf.length;
      this.functionOf.push(owner);
      this.parent.push(parent);
      this.depth.push((this.depth[parent] as number) + 1);
      for (const column of this.self) column.push(0);
      this.#childIndex.set(key, node);
    }
    return node;
  }
}

/** The line to show of a function: its costliest that is known; 0 where none is. */
export function costliestLine({ costByLine }: TreeFunction): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (const [line, cost] of costByLine) {
    if (line > 0 && (cost > most || (cost === most && line < best))) {
      best = line;
      most = cost;
    }
  }
  return best;
}
