/** Folded stacks, `outermost;…;leaf N` a line: flamegraph.pl, inferno and speedscope read them. */
import type { Profile } from '../profile/profile.ts';
import { mergedStacks, pathTo } from './merged-stacks.ts';

/**
 * The stacks of one value type, heaviest branch first; each value is a whole number in the profile's own unit, which the
 * format has no place for. Functions are `name (file)`.
 *
 * The format knows no escape: a `;` inside a name is written `%3B`, a line break or another control character by its
 * number, as in a URL.
 *
 * @returns empty where the profile has no value above 0
 */
export function foldedStacks(profile: Profile, valueIndex: number): string {
  const { functions, nodes } = mergedStacks(profile, [valueIndex]);
  const names = functions.map(({ name, file }) => escapeName(file === '' ? name : `${name} (${file})`));
  return nodes
    .map((node, index) => {
      const value = Math.round(node.self[0] as number);
      if (value <= 0) return '';
      const stack = pathTo(nodes, index).map((one) => names[one]);
      return `${stack.join(';')} ${value}\n`;
    })
    .join('');
}

function escapeName(name: string): string {
  const escaped = name.replaceAll(/;|\p{Cc}|[\u2028\u2029]/gu, (character) => encodeURIComponent(character));
  return escaped.trim() === '' ? '(none)' : escaped;
}
