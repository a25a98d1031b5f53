/** A call tree in the compact form of a page, small nodes pruned to fit a budget. */
import { type FlameClass, type FlameData, flameClasses } from '../../page-data.ts';
import type { Bytes } from '../../units.ts';
import { type CallTree, costliestLine } from './call-tree.ts';
import { embeddedJson } from './embedded-json.ts';

/** A name of a profile may be of any length; a page shows this much of it. */
const LONGEST_TEXT = 300;
/** Nodes that a person can still find in a graph; a heavy perf profile has ten times as many. */
const MOST_NODES = 12_000;

/** The parts of {@link FlameData} that the tree decides. */
export type EncodedTree = Pick<FlameData, 'texts' | 'functions' | 'nodes' | 'prunedNodes'>;

export interface EncodeOptions {
  /** Of the result as it stands in a page. */
  readonly mostBytes: Bytes;
  /** Of the tree's columns, how many belong to the earlier run; they come last. */
  readonly columnsBefore: number;
}

/** The largest part of the tree that fits. What is left out is in nodes `(pruned: N small frames)`: totals are whole. */
export function encodeTree(tree: CallTree, { mostBytes, columnsBefore }: EncodeOptions): EncodedTree {
  const order = byWeight(tree);
  for (let count = Math.min(order.length, MOST_NODES); ; count = Math.floor(count / 2)) {
    const encoded = encode(tree, keep(tree, order, count), columnsBefore);
    if (count === 0 || Buffer.byteLength(embeddedJson(encoded)) <= mostBytes) return encoded;
  }
}

/** All nodes but the root, the one with the largest share of any column first. */
function byWeight(tree: CallTree): number[] {
  const totals = tree.totals();
  const weight = new Float64Array(tree.parent.length);
  for (const total of totals) {
    const whole = total[0] as number;
    if (whole === 0) continue;
    for (let node = 0; node < weight.length; node++) {
      weight[node] = Math.max(weight[node] as number, (total[node] as number) / whole);
    }
  }
  const nodes = Array.from({ length: weight.length - 1 }, (_, index) => index + 1);
  // A parent weighs as much as its child or more, and comes before it where they are equal.
  return nodes.sort((a, b) => (weight[b] as number) - (weight[a] as number) || a - b);
}

function keep(tree: CallTree, order: readonly number[], count: number): Uint8Array {
  const kept = new Uint8Array(tree.parent.length);
  kept[0] = 1;
  for (const node of order.slice(0, count)) kept[node] = 1;
  return kept;
}

function encode(tree: CallTree, kept: Uint8Array, columnsBefore: number): EncodedTree {
  const columns = tree.self.length;
  const totals = tree.totals();
  const children = keptChildren(tree, kept, totals);
  const pruned = prunedUnder(tree, kept, totals);
  const table = new FunctionTable(tree);
  const nodes = {
    function: [] as number[],
    depth: [] as number[],
    self: tree.self.map(() => [] as number[]),
  };
  const push = (owner: number, depth: number, cost: (column: number) => number): void => {
    nodes.function.push(owner);
    nodes.depth.push(depth);
    for (let column = 0; column < columns; column++) nodes.self[column]?.push(compact(cost(column)));
  };
  const stack: number[] = [0];
  while (stack.length > 0) {
    const node = stack.pop() as number;
    if (node < 0) {
      const parent = -1 - node;
      const { count, values } = pruned.get(parent) as Pruned;
      const name = `(pruned: ${count} small frame${count === 1 ? '' : 's'})`;
      push(table.prunedIndex(name), (tree.depth[parent] as number) + 1, (column) => values[column] as number);
      continue;
    }
    const owner = node === 0 ? -1 : table.indexOf(tree.functionOf[node] as number);
    // The root has values of its own where a sample has no stack.
    const isBare = node === 0 && tree.self.every((self) => self[0] === 0);
    if (node > 0) push(owner, tree.depth[node] as number, (column) => tree.self[column]?.[node] as number);
    else if (!isBare) push(table.prunedIndex('(no stack)'), 0, (column) => tree.self[column]?.[0] as number);
    // The costliest child is to come first, so it is pushed last.
    if (pruned.has(node)) stack.push(-1 - node);
    for (const child of children.get(node) ?? []) stack.push(child);
  }
  const own = columns - columnsBefore;
  return {
    texts: table.texts,
    functions: table.columns,
    nodes: {
      function: nodes.function,
      depth: nodes.depth,
      self: nodes.self.slice(0, own),
      selfBefore: columnsBefore === 0 ? null : nodes.self.slice(own),
    },
    prunedNodes: kept.length - kept.reduce((sum, flag) => sum + flag, 0),
  };
}

/** Kept children of kept nodes, the cheapest first. */
function keptChildren(
  tree: CallTree,
  kept: Uint8Array,
  totals: readonly Float64Array[],
): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (let node = 1; node < kept.length; node++) {
    if (kept[node] === 0) continue;
    const parent = tree.parent[node] as number;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [node]);
    else siblings.push(node);
  }
  const weightOf = (node: number): number =>
    totals.reduce((most, total) => Math.max(most, (total[node] as number) / (total[0] || 1)), 0);
  for (const siblings of children.values()) siblings.sort((a, b) => weightOf(a) - weightOf(b) || b - a);
  return children;
}

interface Pruned {
  count: number;
  readonly values: number[];
}

/** What kept nodes lose, by node. */
function prunedUnder(tree: CallTree, kept: Uint8Array, totals: readonly Float64Array[]): Map<number, Pruned> {
  const pruned = new Map<number, Pruned>();
  const owner = new Int32Array(kept.length);
  for (let node = 1; node < kept.length; node++) {
    const parent = tree.parent[node] as number;
    if (kept[node] === 1) continue;
    owner[node] = kept[parent] === 1 ? parent : (owner[parent] as number);
    let entry = pruned.get(owner[node] as number);
    if (entry === undefined) {
      entry = { count: 0, values: totals.map(() => 0) };
      pruned.set(owner[node] as number, entry);
    }
    entry.count++;
    if (kept[parent] === 1) {
      for (const [column, total] of totals.entries()) {
        entry.values[column] = (entry.values[column] as number) + (total[node] as number);
      }
    }
  }
  return pruned;
}

/** Functions and texts that the kept nodes use, each once. */
class FunctionTable {
  readonly texts: string[] = [];
  readonly columns = {
    name: [] as number[],
    file: [] as number[],
    line: [] as number[],
    class: [] as number[],
  };
  readonly #tree: CallTree;
  readonly #indexes = new Map<number, number>();
  readonly #pruned = new Map<string, number>();
  readonly #textIndexes = new Map<string, number>();

  constructor(tree: CallTree) {
    this.#tree = tree;
  }

  indexOf(owner: number): number {
    let index = this.#indexes.get(owner);
    if (index === undefined) {
      const entry = this.#tree.functions[owner] as CallTree['functions'][number];
      index = this.#add(entry.name, entry.file, costliestLine(entry), entry.class);
      this.#indexes.set(owner, index);
    }
    return index;
  }

  prunedIndex(name: string): number {
    let index = this.#pruned.get(name);
    if (index === undefined) {
      index = this.#add(name, '', 0, 'pruned');
      this.#pruned.set(name, index);
    }
    return index;
  }

  #add(name: string, file: string, line: number, frameClass: FlameClass): number {
    const { columns } = this;
    columns.name.push(this.#text(name));
    columns.file.push(this.#text(file));
    columns.line.push(line);
    columns.class.push(flameClasses.indexOf(frameClass));
    return columns.name.length - 1;
  }

  #text(text: string): number {
    const shown = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
    let index = this.#textIndexes.get(shown);
    if (index === undefined) {
      index = this.texts.length;
      this.texts.push(shown);
      this.#textIndexes.set(shown, index);
    }
    return index;
  }
}

/** Values per request are fractions: six digits tell them apart. */
function compact(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
