/** Which function of the program "what is different when it is slow" names, for the rule on stalls. Pure. */
import type { Evidence } from '../evidence.ts';
import type { EvidenceLine, Subject } from '../finding.ts';
import type { SlowFunction } from './slow-functions.ts';
import { whenSlow } from './when-slow.ts';

export interface SlowSuspect {
  readonly subject: Subject;
  /** Its share of the CPU samples when it was slow, and of the others. */
  readonly lines: readonly EvidenceLine[];
}

/**
 * @param suspect - the function that is suspected for another reason; null: the first that is named is wanted
 * @returns null where no function is named, or not that one
 */
export function slowSuspect(evidence: Evidence, suspect: Subject | null): SlowSuspect | null {
  const { functions, profile } = whenSlow(evidence);
  // Rows without a file, such as the collector's, are no function to look at.
  const named = functions.find((one) =>
    suspect === null
      ? one.file !== ''
      : one.functionName === suspect.function && one.file === (suspect.file ?? ''),
  );
  if (named === undefined || profile === null) return null;
  const subject = {
    function: named.functionName,
    file: named.file,
    line: named.line === 0 ? null : named.line,
  };
  return { subject: suspect ?? subject, lines: shareLines(named, profile) };
}

function shareLines({ functionName, slowShare, otherShare }: SlowFunction, source: string): EvidenceLine[] {
  const line = (when: string, share: number): EvidenceLine => ({
    metric: `${functionName} with what it calls, share of CPU samples ${when}`,
    value: share * 100,
    unit: '%',
    threshold: null,
    source,
  });
  return [line('when it was slow', slowShare), line('otherwise', otherShare)];
}
