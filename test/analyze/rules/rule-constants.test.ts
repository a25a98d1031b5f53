import { readdirSync, readFileSync } from 'node:fs';
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

/** Files that say of a rule's matter what the rule itself does not. */
const beside: Readonly<Record<string, readonly string[]>> = {
  // Costs that two rules share are folded where all findings are put in order.
  'gc-pressure': ['rules/judge.ts'],
  'event-loop-stall': ['max-latency.ts'],
  'generator-limited': ['validity.ts'],
};

/** The rule's file and what it imports of the analysis, to any depth; other rules are no part of it. */
function constantsOf(rule: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const pending = [`rules/${rule}.ts`, ...(beside[rule] ?? [])].map((file) => path.join(analyze, file));
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

/** Printed beside what they judge: the patterns, the reference tables, comparisons and the summary. */
const notOfRules = [
  'COMPARABLE_RUNS',
  'LEAST_APPLICATION_SAMPLES',
  'LEAST_FIT_POINTS',
  'LEAST_R_SQUARED',
  'LINEAR_GROWTH_EXPONENT',
  'NOTABLE_RISE_SHARE',
  'NOTABLE_TAIL_SHARE',
  'QUEUE_TAIL_FACTOR',
  'SIMILAR_LATENCY_RATIO',
  'TAIL_GAP_FACTOR',
  'deploymentSizes',
  'expectedOperationLatencyNs',
  'optimizeLimits',
  'scalingCpuShare',
  'scenarioRows',
];

describe('the limits of a rule', () => {
  it.each(ruleIds)('that are printed for %s are those that its code goes by', (rule) => {
    const printed = new Set(ruleThresholds[rule].map(({ name }) => baseOf(name)));
    const used = constantsOf(rule);
    expect([...printed].filter((name) => !used.has(name))).toEqual([]);
    const own = constantsIn(path.join(analyze, 'rules', `${rule}.ts`));
    // Tables of tiers stand in the report with all of their limits.
    const untold = [...own].filter((name) => !printed.has(name) && !/[tT]iers$/.test(name));
    expect(untold).toEqual([]);
  });

  it('are all of thresholds.ts but those of the template and of what compares several runs', () => {
    const text = readFileSync(path.join(analyze, 'thresholds.ts'), 'utf8');
    const all = [...text.matchAll(/^export const (\w+)/gm)].map(([, name]) => name as string);
    const printed = new Set(ruleIds.flatMap((rule) => ruleThresholds[rule].map(({ name }) => baseOf(name))));
    expect(all.filter((name) => !printed.has(name)).sort()).toEqual(notOfRules);
  });

  it('have a source each, and stand in no other file of the rules', () => {
    const text = readFileSync(path.join(analyze, 'thresholds.ts'), 'utf8');
    const before = text.split(/^export const \w+/m).slice(0, -1);
    for (const part of before)
      expect(part.slice(part.lastIndexOf('/**'))).toMatch(/Source:\s(?:\* )?(?:lab|template):/);
    for (const folder of ['rules', 'slow', 'patterns']) {
      for (const file of readdirSync(path.join(analyze, folder))) {
        const code = readFileSync(path.join(analyze, folder, file), 'utf8');
        const own = [...code.matchAll(/^(?:export )?const ([A-Z_]{4,})(?::[^=]*)? =\s*([\d.]+)/gm)];
        // How much is told, and how a number is found, decide nothing.
        const limits = own
          .map(([, name]) => name as string)
          .filter((name) => !/^(?:TOLD|MOST|LONGEST|BISECTIONS|M[SB]$)/.test(name));
        expect({ file, limits }).toEqual({ file, limits: [] });
      }
    }
  });
});
