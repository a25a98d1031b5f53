import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../../src/analyze/finding.ts';
import { guideText } from '../../../src/analyze/rules/guide-text.ts';
import { ruleThresholds } from '../../../src/analyze/rules/rule-thresholds.ts';
import { packageRoot } from '../../../src/package-root.ts';

const source = readFileSync(path.join(packageRoot, 'src/analyze/thresholds.ts'), 'utf8');

/** What stands behind `Source: ` in the comment of a constant, on one line. */
function reasonOf(name: string): string | undefined {
  const [base] = name.split('.');
  const before = source.split(new RegExp(`export const ${base}\\b`))[0] ?? '';
  const comment = before.slice(before.lastIndexOf('/**')).replaceAll(/\s*\n \*\/?\s*/g, ' ');
  return /Source: (.*?)(?:\s*\*\/)?\s*$/.exec(comment.trim())?.[1]?.trim();
}

describe('the limits that explain prints', () => {
  it.each(ruleIds)('of %s have the reasons of the comments in thresholds.ts', (rule) => {
    expect(ruleThresholds[rule].length).toBeGreaterThan(0);
    for (const { name, reason } of ruleThresholds[rule])
      expect({ name, reason }).toEqual({ name, reason: reasonOf(name) });
  });

  it.each(ruleIds)('of %s stand below a guide page of its own', (rule) => {
    const page = readFileSync(path.join(packageRoot, 'docs/rules', `${rule}.md`), 'utf8');
    expect(page).toMatch(new RegExp(`^# ${rule}: `));
    const text = guideText(rule, page);
    for (const { meaning, reason } of ruleThresholds[rule]) {
      expect(text).toContain(meaning);
      expect(text).toContain(reason);
    }
  });
});
