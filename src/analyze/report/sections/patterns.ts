import type { EvidenceLine } from '../../finding.ts';
import { significant } from '../format.ts';
import { escapeText, table } from '../markdown-text.ts';
import type { Report } from '../report-schema.ts';

const verdictWords = { found: 'seen', clear: 'not seen', 'insufficient-data': 'not enough data' } as const;

/** The template's patterns with their numbers, each with what it was judged by. */
export function patternsPart(report: Report): string {
  const rows = report.patterns.map(({ statement, verdict, told, evidence }) => [
    escapeText(statement),
    verdictWords[verdict],
    escapeText(told),
    evidence.length === 0 ? 'none: it was not measured' : escapeText(evidence.map(lineText).join('; ')),
  ]);
  return [
    '#### Patterns',
    'A pattern is a symptom; its cause is one of the findings above.',
    table(['Pattern', 'Verdict', 'What was seen', 'Evidence (limit)'], rows),
  ].join('\n\n');
}

function lineText({ metric, value, unit, threshold }: EvidenceLine): string {
  const limit = threshold === null ? '' : ` (${significant(threshold)})`;
  return `${metric} ${significant(value)}${unit === '' ? '' : ` ${unit}`}${limit}`;
}
