import type { Episode } from './lift.ts';

/**
 * Groups neighbours of one kind to episodes.
 *
 * @param items - in order of time
 * @param isSlow - the kind; null: of neither, it is left out and parts its neighbours
 * @param mostOthers - items of an episode that is not slow, at most
 */
export function episodesOf<Item>(
  items: readonly Item[],
  isSlow: (item: Item) => boolean | null,
  mostOthers: number,
): { readonly slow: readonly (readonly Item[])[]; readonly other: readonly (readonly Item[])[] } {
  const slow: Item[][] = [];
  const other: Item[][] = [];
  let before: boolean | null = null;
  for (const item of items) {
    const kind = isSlow(item);
    if (kind !== null) {
      const groups = kind ? slow : other;
      const open = groups.at(-1);
      if (kind !== before || open === undefined || (!kind && open.length >= mostOthers)) groups.push([item]);
      else open.push(item);
    }
    before = kind;
  }
  return { slow, other };
}

/** Sums of each episode. */
export function sums<Item>(
  episodes: readonly (readonly Item[])[],
  hits: (item: Item) => number,
  all: (item: Item) => number,
): Episode[] {
  return episodes.map((items) => ({
    hits: items.reduce((sum, item) => sum + hits(item), 0),
    all: items.reduce((sum, item) => sum + all(item), 0),
  }));
}
