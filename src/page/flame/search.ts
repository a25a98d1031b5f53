/** Finding functions by name or file. Pure. */
import type { FlameData } from '../../page-data.ts';
import type { CallTree } from './call-tree.ts';

/** Whether a function matches. */
export type Matcher = (name: string, file: string) => boolean;

/**
 * What a reader typed: a part of a name or file in any case, `"name"` for exactly that name, `/expression/` for a regular
 * expression.
 *
 * @returns null where nothing was typed, or an expression that is none
 */
export function matcherOf(text: string): Matcher | null {
  const wanted = text.trim();
  if (wanted === '') return null;
  if (wanted.length > 2 && wanted.startsWith('"') && wanted.endsWith('"')) {
    const exact = wanted.slice(1, -1);
    return (name) => name === exact;
  }
  if (wanted.length > 2 && wanted.startsWith('/') && wanted.endsWith('/')) {
    try {
      const expression = new RegExp(wanted.slice(1, -1), 'i');
      return (name, file) => expression.test(name) || expression.test(file);
    } catch {
      return null;
    }
  }
  const lower = wanted.toLowerCase();
  return (name, file) => name.toLowerCase().includes(lower) || file.toLowerCase().includes(lower);
}

/** 1 for each function of the graph that matches. */
export function matchedFunctions(data: FlameData, matcher: Matcher): Uint8Array {
  const { functions, texts } = data;
  return Uint8Array.from(functions.name, (name, index) =>
    matcher(texts[name] as string, texts[functions.file[index] as number] as string) ? 1 : 0,
  );
}

/** Share of the whole that goes through matched functions, each sample counted once: 0 to 1. */
export function matchedShare(tree: CallTree, matched: Uint8Array): number {
  const whole = tree.total[0] as number;
  if (whole === 0) return 0;
  let through = 0;
  for (let node = 1; node < tree.parent.length; ) {
    if (matched[tree.functionOf[node] as number] === 1) {
      through += tree.total[node] as number;
      node = tree.end[node] as number;
    } else node++;
  }
  return through / whole;
}
