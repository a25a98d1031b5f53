import type { Run } from '../run.ts';

/** How the tracker ended by itself, as half a sentence; null where it did not. */
export function crashOf({ targetExit }: Pick<Run, 'targetExit'>): string | null {
  if (targetExit === null || targetExit.expected) return null;
  const { cause, signal, exitCode } = targetExit;
  const how = cause ?? (signal === null ? `exit code ${exitCode ?? 'unknown'}` : `signal ${signal}`);
  return `the tracker ended by itself under this load (${how})`;
}
