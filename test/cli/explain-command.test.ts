import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../src/analyze/finding.ts';
import { significant } from '../../src/analyze/report/format.ts';
import { ruleThresholds } from '../../src/analyze/rules/rule-thresholds.ts';
import { command } from './command.ts';

describe('explain', () => {
  it('lists every rule, one a line', async () => {
    const { exitCode, stdout } = await command(['explain']);
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(ruleIds);
    for (const line of lines) expect(line).toMatch(/^\S+ {2,}\S/);
  });

  it.each(ruleIds)('prints the page of %s with each of its limits and where it comes from', async (rule) => {
    const { exitCode, stdout } = await command(['explain', rule]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^# ${rule}: `));
    for (const section of ['What it means', 'How it is judged', 'What to change', 'Limits'])
      expect(stdout).toContain(`\n## ${section}\n`);
    const limits = stdout.slice(stdout.indexOf('\n## Limits\n'));
    for (const { meaning, value, unit, reason } of ruleThresholds[rule])
      expect(limits).toContain(`- ${meaning}: ${significant(value)} ${unit}\n  ${reason}`);
    expect(limits.match(/^ {2}(?:lab|template): /gm)).toHaveLength(ruleThresholds[rule].length);
  });

  it('refuses a rule that there is none of, and names those that there are', async () => {
    const { exitCode, stderr, stdout } = await command(['explain', 'gc']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('UNKNOWN_RULE');
    for (const rule of ruleIds) expect(stderr).toContain(rule);
    expect(stdout).toBe('');
  });
});
