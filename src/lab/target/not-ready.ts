import { ExitCode, LabError } from '../../errors.ts';
import type { TargetExit } from '../../run.ts';
import { tellingWords } from './exit-cause.ts';

const SHOWN_CHARACTERS = 300;

/** The end of a tracker that never served. */
export function describeEarlyExit({ exitCode, signal, cause }: TargetExit): string {
  const how = signal === null ? `exit code ${exitCode ?? 'none'}` : `signal ${signal}`;
  return `the tracker ended before it was ready (${cause === null ? how : `${how}, ${cause}`})`;
}

/** `TRACKER_NOT_READY` with the words of the tracker that tell most on one line. */
export function trackerNotReady(what: string, stderr: string, hint: string): LabError {
  const words = tellingWords(stderr, SHOWN_CHARACTERS);
  return new LabError({
    code: 'TRACKER_NOT_READY',
    message: words === '' ? `${what}; it wrote nothing to stderr` : `${what}; stderr: "${words}"`,
    hint,
    exitCode: ExitCode.trackerFailed,
  });
}
