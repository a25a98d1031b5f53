/** Where the frames of a graph stand. Pure. */
import type { CallTree } from './call-tree.ts';

/** A frame that is wide enough to be seen. */
export interface Box {
  readonly tree: CallTree;
  readonly node: number;
  /** 0 on top. */
  readonly row: number;
  /** Pixels. */
  readonly x: number;
  readonly width: number;
  /** An ancestor of what is zoomed at: it is wider than what is shown of it. */
  readonly isContext: boolean;
}

export interface Layout {
  readonly boxes: readonly Box[];
  readonly rows: number;
}

/** Narrower frames are not drawn. */
const LEAST_WIDTH = 0.6;

/** The tree below a node over the whole width, its ancestors above it. */
export function layoutTree(tree: CallTree, zoom: number, width: number): Layout {
  const boxes: Box[] = [];
  for (let node = tree.parent[zoom] as number; node >= 0; node = tree.parent[node] as number) {
    boxes.push({ tree, node, row: tree.depth[node] as number, x: 0, width, isContext: true });
  }
  const deepest = place(tree, zoom, width, boxes, (depth) => depth);
  return { boxes, rows: deepest + 1 };
}

/** Callers above a function, callees below it. Both trees have the function as their root. */
export function layoutSandwich(callers: CallTree, callees: CallTree, width: number): Layout {
  const above: Box[] = [];
  const height = place(callers, 0, width, above, (depth) => depth);
  const boxes = above.filter(({ node }) => node !== 0).map((box) => ({ ...box, row: height - box.row }));
  const deepest = place(callees, 0, width, boxes, (depth) => height + depth);
  return { boxes, rows: deepest + 1 };
}

/** @returns the last row that was used */
function place(
  tree: CallTree,
  top: number,
  width: number,
  boxes: Box[],
  rowOf: (depth: number) => number,
): number {
  const whole = tree.total[top] as number;
  let deepest = rowOf(tree.depth[top] as number);
  boxes.push({ tree, node: top, row: deepest, x: 0, width, isContext: false });
  if (whole === 0) return deepest;
  const end = tree.end[top] as number;
  /** Left edge of the next child of each open node. */
  const next = new Map<number, number>([[top, 0]]);
  for (let node = top + 1; node < end; ) {
    const above = tree.parent[node] as number;
    const x = next.get(above) as number;
    const own = ((tree.total[node] as number) / whole) * width;
    next.set(above, x + own);
    if (own < LEAST_WIDTH) {
      node = tree.end[node] as number;
      continue;
    }
    const row = rowOf(tree.depth[node] as number);
    deepest = Math.max(deepest, row);
    boxes.push({ tree, node, row, x, width: own, isContext: false });
    next.set(node, x);
    node++;
  }
  return deepest;
}
