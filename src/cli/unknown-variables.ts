import type { Command } from 'commander';

const PREFIX = 'LAB_';
/** More changes than this, and it is no slip of the hand. */
const MOST_CHANGES = 3;

/**
 * A warning for each variable of the environment that looks like a flag's and is none. Pure.
 *
 * @param command - whose options have variables
 */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
  command: Command,
): string[] {
  const known = command.options.flatMap(({ envVar }) => (envVar === undefined ? [] : [envVar]));
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => {
      const [nearest] = known
        .map((other) => ({ other, changes: changesBetween(name, other) }))
        .filter(({ changes }) => changes <= MOST_CHANGES)
        .sort((a, b) => a.changes - b.changes);
      const hint =
        nearest === undefined ? 'tracker-lab --help shows the flags' : `Did you mean ${nearest.other}?`;
      return `Ignored: ${name} in the environment sets no flag. ${hint}`;
    });
}

/** Characters to insert, delete or replace to make `b` of `a` (Levenshtein). */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
