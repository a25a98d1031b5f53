/** Outcomes in files. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from './score.ts';

/**
 * The outcomes of a file; none where it is not there. Of one that was written before outcomes said where they come from, the
 * run is named after the file, and the time is that of the run's folder.
 */
export function readOutcomes(file: string): Outcome[] {
  if (!existsSync(file)) return [];
  const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<Outcome>[];
  return read.map((outcome) => ({ ...olderDefaults(outcome, file), ...outcome }) as Outcome);
}

export function writeOutcomes(file: string, outcomes: readonly Outcome[]): void {
  writeFileSync(file, `${JSON.stringify(outcomes, null, 1)}\n`);
}

function olderDefaults(
  { rule, severity, share, firstRight, runFolder }: Partial<Outcome>,
  file: string,
): Pick<Outcome, 'answer' | 'summary' | 'made'> {
  const isAnswer = firstRight === true && rule != null && severity != null;
  return {
    answer: isAnswer ? { rule: rule as never, severity, share: share ?? null, figures: {} } : null,
    summary: null,
    made: { run: path.parse(file).name, at: timeOf(runFolder ?? ''), commit: null, judgedBy: null },
  };
}

/** Run folders begin with their time: `20261124-202325-medium`. */
function timeOf(runFolder: string): string {
  const digits = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(path.basename(runFolder));
  if (digits === null) return '';
  const [, year, month, day, hour, minute, second] = digits;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}
