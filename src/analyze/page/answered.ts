import { operations, type PhaseName } from '../../run.ts';
import type { Evidence } from '../evidence.ts';
import { phaseLoad } from '../series.ts';

/** Requests that got a reply of any kind in a phase; 0 where the run did not come to it. */
export function answeredIn(evidence: Evidence, phase: PhaseName): number {
  const load = phaseLoad(evidence, phase);
  if (load === null) return 0;
  return operations.reduce((sum, operation) => {
    const { succeeded, errorReplies, malformedReplies } = load.operations[operation];
    return sum + succeeded + errorReplies + malformedReplies;
  }, 0);
}
