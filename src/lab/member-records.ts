import type { MemberRecord, Run } from '../run.ts';
import type { CapturedProfiles } from './capture/profile-source.ts';
import type { MemberPhase } from './load/merge-threads.ts';
import type { NamedContent } from './to-run.ts';

/** What a run keeps of each tracker of a target that is several, and the files of their latency. Pure. */
export function memberRecords(
  targets: readonly Run['target'][],
  phases: readonly MemberPhase[],
  profiles: readonly CapturedProfiles[],
): { readonly members: MemberRecord[]; readonly files: readonly NamedContent[] } {
  const files: NamedContent[] = [];
  const members = targets.map((record, index): MemberRecord => {
    const own = phases.filter(({ member }) => member === index);
    return {
      record,
      phases: own.map(({ phase, operations, histogram }) => {
        if (histogram === null) return { phase, operations, histogram };
        const file = `latency-${phase}-member-${index + 1}.hdr`;
        files.push({ file, content: histogram });
        return { phase, operations, histogram: file };
      }),
      profiles: [...(profiles[index]?.files ?? [])],
      missingProfiles: [...(profiles[index]?.missing ?? [])],
    };
  });
  return { members, files };
}
