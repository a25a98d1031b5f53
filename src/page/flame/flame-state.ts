/** What a graph shows, and what follows from it. Knows no browser. */
import type { FlameData } from '../../page-data.ts';
import { type CallTree, calleesOf, callersOf, decodeTree, functionCosts, invertTree } from './call-tree.ts';
import { type Box, type Layout, layoutSandwich, layoutTree } from './layout.ts';
import { matchedFunctions, matchedShare, matcherOf } from './search.ts';

/** `down`: callers above callees. `up`: the costly functions first, below them who called. `sandwich`: one function, both ways. */
export type ViewMode = 'down' | 'up' | 'sandwich';

export class FlameState {
  readonly data: FlameData;
  valueIndex: number;
  mode: ViewMode = 'down';
  /** Of a graph of two runs: the earlier one gives the widths. */
  earlierFirst = false;
  /** Node that fills the width, in the tree that `mode` shows. */
  zoom = 0;
  /** The function in the middle of the sandwich. */
  middle = -1;
  search = '';
  #tree: CallTree;
  #inverted: CallTree | null = null;
  #sandwich: { readonly callers: CallTree; readonly callees: CallTree } | null = null;
  #matched: { readonly search: string; readonly flags: Uint8Array | null } = { search: '', flags: null };

  constructor(data: FlameData) {
    this.data = data;
    this.valueIndex = data.defaultValue;
    this.#tree = decodeTree(data, this.valueIndex);
  }

  /** All samples from the root down, whatever is shown. */
  get tree(): CallTree {
    return this.#tree;
  }

  /** Sum of all samples. */
  get whole(): number {
    return this.#tree.total[0] as number;
  }

  get otherWhole(): number | null {
    return this.#tree.otherTotal?.[0] ?? null;
  }

  setValue(valueIndex: number, earlierFirst: boolean): void {
    this.valueIndex = valueIndex;
    this.earlierFirst = earlierFirst;
    this.#tree = decodeTree(this.data, valueIndex, earlierFirst);
    this.#inverted = null;
    this.#sandwich = null;
    this.zoom = 0;
  }

  setMode(mode: ViewMode): void {
    this.mode = mode;
    this.zoom = 0;
    if (mode === 'sandwich' && this.middle < 0) this.setMiddle(this.costliest());
  }

  setMiddle(owner: number): void {
    this.middle = owner;
    this.#sandwich = null;
  }

  /** The function with the highest cost of its own; -1 where there is none. */
  costliest(): number {
    const costs = functionCosts(this.#tree);
    return costs.reduce((best, cost) => (cost.self > best.self ? cost : best), { owner: -1, self: -1 }).owner;
  }

  layout(width: number): Layout {
    if (this.mode !== 'sandwich') {
      const tree = this.#shown();
      return layoutTree(tree, Math.min(this.zoom, tree.parent.length - 1), width);
    }
    this.#sandwich ??= {
      callers: callersOf(this.#tree, this.middle),
      callees: calleesOf(this.#tree, this.middle),
    };
    return layoutSandwich(this.#sandwich.callers, this.#sandwich.callees, width);
  }

  /** Flags by function; null where nothing is searched for. */
  matched(): Uint8Array | null {
    if (this.#matched.search !== this.search) {
      const matcher = matcherOf(this.search);
      const flags = matcher === null ? null : matchedFunctions(this.data, matcher);
      this.#matched = { search: this.search, flags };
    }
    return this.#matched.flags;
  }

  /** Of all samples; null where nothing is searched for. */
  matchedShare(): number | null {
    const matched = this.matched();
    return matched === null ? null : matchedShare(this.#tree, matched);
  }

  /** The function with a name, and of a file where there are several; -1 where the graph has none. */
  find(name: string, file: string): number {
    const { functions, texts } = this.data;
    let found = -1;
    for (const [owner, text] of functions.name.entries()) {
      if (texts[text] !== name) continue;
      if (texts[functions.file[owner] as number] === file) return owner;
      if (found < 0 && file === '') found = owner;
    }
    return found;
  }

  /** Zooms, from the root down, at the costliest call of a function. */
  zoomAt(owner: number): void {
    this.mode = 'down';
    const { functionOf, total } = this.#tree;
    let best = 0;
    for (let node = 1; node < functionOf.length; node++) {
      if (functionOf[node] === owner && (best === 0 || (total[node] as number) > (total[best] as number)))
        best = node;
    }
    this.zoom = best;
  }

  /** A frame was chosen: zooms at it, or puts it in the middle of the sandwich. */
  enter({ tree, node }: Box): void {
    if (this.mode !== 'sandwich') this.zoom = node;
    else this.setMiddle(tree.functionOf[node] as number);
  }

  #shown(): CallTree {
    if (this.mode !== 'up') return this.#tree;
    this.#inverted ??= invertTree(this.#tree);
    return this.#inverted;
  }
}
