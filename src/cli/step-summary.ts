import { appendFileSync } from 'node:fs';
import { cannotWrite } from '../cannot-write.ts';
import type { CliContext } from './context.ts';

/**
 * Adds Markdown to the summary of a GitHub job; does nothing elsewhere.
 *
 * @throws LabError `OUT_NOT_WRITABLE`
 */
export function writeStepSummary({ env }: Pick<CliContext, 'env'>, markdown: string): void {
  const file = env['GITHUB_STEP_SUMMARY'];
  if (file === undefined || file === '') return;
  try {
    appendFileSync(file, `${markdown}\n`);
  } catch (cause) {
    throw cannotWrite(file, cause, 'unset GITHUB_STEP_SUMMARY, or make the file writable');
  }
}
