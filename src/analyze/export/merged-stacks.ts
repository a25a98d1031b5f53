/** The call tree of one profile as exporters walk it. */
import { CallTree, costliestLine } from '../page/call-tree.ts';
import type { Profile } from '../profile/profile.ts';

/** One function at its place in the tree of calls; a parent stands before its children, each subtree in one piece. */
export interface StackNode {
  /** Index in the list of nodes; -1: it has no caller. */
  readonly parent: number;
  /** Index of its function in {@link MergedStacks.functions}. */
  readonly function: number;
  /** Own value, of each wanted value type. */
  readonly self: readonly number[];
}

export interface MergedStacks {
  /** Names are hostile text. `line`: the costliest; 0 where none is known. */
  readonly functions: readonly { readonly name: string; readonly file: string; readonly line: number }[];
  readonly nodes: readonly StackNode[];
}

/**
 * All stacks of a profile, equal ones merged, the costliest branch of each node first. Values below 0, which only a
 * difference of profiles has, count as 0; frames deeper than 256 are one that says so.
 *
 * @param valueIndexes - the wanted value types; by the first one branches are ordered
 */
export function mergedStacks(profile: Profile, valueIndexes: readonly number[]): MergedStacks {
  const tree = new CallTree(valueIndexes.length);
  tree.add(
    profile,
    valueIndexes.map((from, to) => ({ from, to })),
  );
  const totals = tree.totals()[0] ?? new Float64Array();
  const children: number[][] = tree.parent.map(() => []);
  for (const [node, parent] of tree.parent.entries()) if (parent >= 0) children[parent]?.push(node);
  for (const list of children) list.sort((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0) || a - b);

  const nodes: StackNode[] = [];
  const open = (children[0] ?? []).toReversed().map((node) => ({ node, parent: -1 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, parent } = next;
    const own = nodes.length;
    nodes.push({
      parent,
      function: tree.functionOf[node] as number,
      self: tree.self.map((column) => column[node] as number),
    });
    for (const child of (children[node] as number[]).toReversed()) open.push({ node: child, parent: own });
  }
  const functions = tree.functions.map((one) => ({
    name: one.name,
    file: one.file,
    line: costliestLine(one),
  }));
  return { functions, nodes };
}

/** The functions from the outermost caller to `node`, by index. */
export function pathTo(nodes: readonly StackNode[], node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = (nodes[at] as StackNode).parent) {
    path.push((nodes[at] as StackNode).function);
  }
  return path.reverse();
}
