import { escapeText, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

/** Whether the run says anything of the tracker: every check with its verdict. */
export function validitySection(report: Report): string {
  const { valid, checks } = report.validity;
  const rows = checks.map(({ check, verdict, reason }) => [
    `\`${check}\``,
    verdict === 'invalid' ? '**invalid**' : verdict,
    escapeText(reason),
  ]);
  const open = checks.filter((check) => check.verdict === 'not measured').length;
  const isCompared = !checks.some((check) => check.verdict === 'changed');
  const told = [
    valid ? 'The run is valid' : '**The run is invalid: no verdict on the tracker is given**',
    open === 0 ? '' : `, as far as it was checked (${open} of ${checks.length} checks could not be made)`,
    isCompared ? '.' : '; its figures are not to be compared with those of earlier runs.',
  ];
  return ['#### Validity', table(['Check', 'Verdict', 'Why'], rows), told.join('')].join('\n\n');
}
