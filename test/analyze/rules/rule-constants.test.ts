import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../../src/analyze/finding.ts';
import { ruleThresholds } from '../../../src/analyze/rules/rule-thresholds.ts';
import { packageRoot } from '../../../src/package-root.ts';

const analyze = path.join(packageRoot, 'src/analyze');

/** Constants that a source file takes of thresholds.ts, by the words of its code without imports and comments. */
function constantsIn(file: string): Set<string> {
  const text = readFileSync(file, 'utf8');
  const imported = /import \{([^}]*)\} from '\.\.?\/thresholds\.ts'/.exec(text)?.[1] ?? '';
  const code = text.replaceAll(/import [^;]*;|\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const names = imported.split(',').map((name) => name.trim());
  return new Set(names.filter((name) => name !== '' && new RegExp(`\\b${name}\\b`).test(code)));
}

/** The rule's file and what it imports of the analysis, to any depth; other rules are no part of it. */
function constantsOf(rule: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const pending = [path.join(analyze, 'rules', `${rule}.ts`)];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const name of constantsIn(file)) found.add(name);
    for (const [, from] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']*)'/g)) {
      const next = path.resolve(path.dirname(file), from as string);
      const isOtherRule = ruleIds.some((id) => next.endsWith(`/rules/${id}.ts`));
      if (!isOtherRule && !next.endsWith('thresholds.ts') && next.startsWith(analyze)) pending.push(next);
    }
  }
  return found;
}

const baseOf = (name: string): string => name.split('.')[0] as string;

describe('the limits of a rule', () => {
  it.each(ruleIds)('that are printed for %s are those that its code goes by', (rule) => {
    const printed = new Set(ruleThresholds[rule].map(({ name }) => baseOf(name)));
    const used = constantsOf(rule);
    // Costs that two rules share are folded where all findings are put in order.
    if (rule === 'gc-pressure')
      for (const name of constantsIn(path.join(analyze, 'rules/judge.ts'))) used.add(name);
    expect([...printed].filter((name) => !used.has(name))).toEqual([]);
    const own = constantsIn(path.join(analyze, 'rules', `${rule}.ts`));
    // Tables of tiers stand in the report with all of their limits.
    const untold = [...own].filter((name) => !printed.has(name) && !/[tT]iers$/.test(name));
    expect(untold).toEqual([]);
  });
});
