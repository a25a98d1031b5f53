import type { MissingProfile, ProfileKind } from './run.ts';

/** What Go says of a profile without a sample; the cause follows. */
const emptyClause = /^it holds no sample[^:]*: /;
const fileClause = /^[\w-]+\.pb\.gz: /;

/**
 * Profiles that are not there, or not whole, for a person at a terminal: one sentence for each reason. Pure.
 *
 * @param present - kinds of which there is a file
 */
export function describeMissingProfiles(
  missing: readonly MissingProfile[],
  present: ReadonlySet<ProfileKind>,
): string[] {
  const kindsByReason = new Map<string, ProfileKind[]>();
  for (const { kind, reason } of missing) {
    const whole = present.has(kind) || fileClause.test(reason) ? 'lacks' : 'no';
    const key = `${whole} ${reason.replace(emptyClause, '').replace(fileClause, '').replace(/\.$/, '')}`;
    const kinds = kindsByReason.get(key) ?? [];
    if (!kinds.includes(kind)) kindsByReason.set(key, [...kinds, kind]);
  }
  return [...kindsByReason].map(([key, kinds]) => {
    const names = kinds.length < 2 ? kinds.join() : `${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1)}`;
    return key.startsWith('no ')
      ? `No ${names} profile: ${key.slice(3)}.`
      : `The ${names} profile lacks something: ${key.slice(6)}.`;
  });
}
