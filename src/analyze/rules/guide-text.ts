import type { RuleId } from '../finding.ts';
import { significant } from '../report/format.ts';
import { ruleThresholds } from './rule-thresholds.ts';

/**
 * A rule's guide page with the limits that it goes by, each with its reason.
 *
 * @param page - the Markdown of docs/rules
 */
export function guideText(rule: RuleId, page: string): string {
  const limits = ruleThresholds[rule].map(
    ({ meaning, value, unit, reason }) => `- ${meaning}: ${significant(value)} ${unit}\n  ${reason}`,
  );
  return `${page.trimEnd()}\n\n## Limits\n\n${limits.join('\n')}\n`;
}
