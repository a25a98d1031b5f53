/** The call tree that is drawn, and the trees that are made of it. Pure: it knows no browser. */
import type { FlameData } from '../../page-data.ts';

/** Nodes in the order of a walk from the root, the costliest child first. Node 0 is the root. */
export interface CallTree {
  /** Index into the graph's functions; -1 at a root that is all samples. */
  readonly functionOf: Int32Array;
  readonly parent: Int32Array;
  /** 0 at the root. */
  readonly depth: Int32Array;
  /** One past the last node below a node. */
  readonly end: Int32Array;
  /** Value of a node and all below it. */
  readonly total: Float64Array;
  readonly self: Float64Array;
  /** The same in the other run; null unless the graph is of two. */
  readonly otherTotal: Float64Array | null;
  readonly otherSelf: Float64Array | null;
}

/** Nodes in any order in which a parent comes before its children. */
class LooseTree {
  readonly functionOf: number[];
  readonly parent: number[] = [-1];
  readonly self: number[] = [0];
  readonly otherSelf: number[] | null;
  readonly #children = new Map<number, number>();

  constructor(rootFunction: number, hasOther: boolean) {
    this.functionOf = [rootFunction];
    this.otherSelf = hasOther ? [0] : null;
  }

  /** The child of a node for a function, new where there is none yet. */
  child(parent: number, owner: number): number {
    const key = parent * 2 ** 26 + owner;
    let node = this.#children.get(key);
    if (node === undefined) {
      node = this.functionOf.length;
      this.functionOf.push(owner);
      this.parent.push(parent);
      this.self.push(0);
      this.otherSelf?.push(0);
      this.#children.set(key, node);
    }
    return node;
  }

  add(node: number, value: number, other: number): void {
    this.self[node] = (this.self[node] as number) + value;
    if (this.otherSelf !== null) this.otherSelf[node] = (this.otherSelf[node] as number) + other;
  }
}

/**
 * The tree of one value type.
 *
 * @param earlierFirst - of a graph of two runs: values are those of the earlier one, which then decides the widths
 */
export function decodeTree(data: FlameData, valueIndex: number, earlierFirst = false): CallTree {
  const { nodes } = data;
  const after = nodes.self[valueIndex] ?? [];
  const before = nodes.selfBefore?.[valueIndex] ?? null;
  const [own, other] = earlierFirst && before !== null ? [before, after] : [after, before];
  const loose = new LooseTree(-1, other !== null);
  const open: number[] = [];
  for (const [index, owner] of nodes.function.entries()) {
    const depth = nodes.depth[index] as number;
    const node = loose.child(depth === 0 ? 0 : (open[depth - 1] as number), owner);
    open[depth] = node;
    loose.add(node, own[index] as number, other?.[index] ?? 0);
  }
  return ordered(loose);
}

/** The tree upside down: the functions that have the cost themselves first, below each who called it. */
export function invertTree(tree: CallTree): CallTree {
  const loose = new LooseTree(-1, tree.otherSelf !== null);
  for (let node = 1; node < tree.parent.length; node++) {
    addPathUp(loose, tree, node, tree.self[node] as number, tree.otherSelf?.[node] ?? 0, true);
  }
  return ordered(loose);
}

/** Who called a function, the function first. Of a recursion the outermost call counts. */
export function callersOf(tree: CallTree, owner: number): CallTree {
  const loose = new LooseTree(owner, tree.otherTotal !== null);
  for (const node of outermost(tree, owner)) {
    addPathUp(loose, tree, node, tree.total[node] as number, tree.otherTotal?.[node] ?? 0, false);
  }
  return ordered(loose);
}

/** What a function calls, merged over all its calls, the function first. */
export function calleesOf(tree: CallTree, owner: number): CallTree {
  const loose = new LooseTree(owner, tree.otherTotal !== null);
  for (const top of outermost(tree, owner)) {
    const merged = new Map<number, number>([[top, 0]]);
    loose.add(0, tree.self[top] as number, tree.otherSelf?.[top] ?? 0);
    for (let node = top + 1; node < (tree.end[top] as number); node++) {
      const into = loose.child(
        merged.get(tree.parent[node] as number) as number,
        tree.functionOf[node] as number,
      );
      merged.set(node, into);
      loose.add(into, tree.self[node] as number, tree.otherSelf?.[node] ?? 0);
    }
  }
  return ordered(loose);
}

/** Calls of a function that are in no other call of it. */
function outermost(tree: CallTree, owner: number): number[] {
  const found: number[] = [];
  for (let node = 1; node < tree.parent.length; ) {
    if (tree.functionOf[node] === owner) {
      found.push(node);
      node = tree.end[node] as number;
    } else node++;
  }
  return found;
}

/** A function's own cost and its cost with all that it calls. */
export interface FunctionCost {
  readonly owner: number;
  readonly self: number;
  readonly total: number;
  readonly otherSelf: number;
  readonly otherTotal: number;
}

/** The costs of all functions of a tree, in no order. A recursion counts once. */
export function functionCosts(tree: CallTree): FunctionCost[] {
  const costs = new Map<
    number,
    { owner: number; self: number; total: number; otherSelf: number; otherTotal: number }
  >();
  const openUntil = new Map<number, number>();
  for (let node = 1; node < tree.parent.length; node++) {
    const owner = tree.functionOf[node] as number;
    let cost = costs.get(owner);
    if (cost === undefined) {
      cost = { owner, self: 0, total: 0, otherSelf: 0, otherTotal: 0 };
      costs.set(owner, cost);
    }
    cost.self += tree.self[node] as number;
    cost.otherSelf += tree.otherSelf?.[node] ?? 0;
    if (node < (openUntil.get(owner) ?? 0)) continue;
    openUntil.set(owner, tree.end[node] as number);
    cost.total += tree.total[node] as number;
    cost.otherTotal += tree.otherTotal?.[node] ?? 0;
  }
  return [...costs.values()];
}

function addPathUp(
  loose: LooseTree,
  tree: CallTree,
  from: number,
  value: number,
  other: number,
  withSelf: boolean,
): void {
  if (value === 0 && other === 0) return;
  let into = 0;
  for (
    let node = withSelf ? from : (tree.parent[from] as number);
    node > 0;
    node = tree.parent[node] as number
  ) {
    into = loose.child(into, tree.functionOf[node] as number);
  }
  loose.add(into, value, other);
}

function ordered(loose: LooseTree): CallTree {
  const size = loose.parent.length;
  const total = sumsOf(loose.self, loose.parent);
  const otherTotal = loose.otherSelf === null ? null : sumsOf(loose.otherSelf, loose.parent);
  const children: number[][] = Array.from({ length: size }, () => []);
  for (let node = 1; node < size; node++) {
    const isSeen = (total[node] as number) > 0 || (otherTotal?.[node] ?? 0) > 0;
    if (isSeen) children[loose.parent[node] as number]?.push(node);
  }
  const weight = (node: number): number => Math.max(total[node] as number, otherTotal?.[node] ?? 0);
  const order: number[] = [];
  const parent: number[] = [];
  const depth: number[] = [];
  const stack: (readonly [number, number, number])[] = [[0, -1, 0]];
  while (stack.length > 0) {
    const [node, above, level] = stack.pop() as readonly [number, number, number];
    const at = order.length;
    order.push(node);
    parent.push(above);
    depth.push(level);
    const below = (children[node] as number[]).sort((a, b) => weight(a) - weight(b) || b - a);
    for (const child of below) stack.push([child, at, level + 1]);
  }
  const end = Int32Array.from(order, (_, at) => at + 1);
  for (let at = order.length - 1; at > 0; at--) {
    const above = parent[at] as number;
    end[above] = Math.max(end[above] as number, end[at] as number);
  }
  const picked = (column: ArrayLike<number>): Float64Array =>
    Float64Array.from(order, (node) => column[node] as number);
  return {
    functionOf: Int32Array.from(order, (node) => loose.functionOf[node] as number),
    parent: Int32Array.from(parent),
    depth: Int32Array.from(depth),
    end,
    total: picked(total),
    self: picked(loose.self),
    otherTotal: otherTotal === null ? null : picked(otherTotal),
    otherSelf: loose.otherSelf === null ? null : picked(loose.otherSelf),
  };
}

function sumsOf(self: readonly number[], parent: readonly number[]): Float64Array {
  const total = Float64Array.from(self);
  for (let node = total.length - 1; node > 0; node--) {
    const above = parent[node] as number;
    total[above] = (total[above] as number) + (total[node] as number);
  }
  return total;
}
