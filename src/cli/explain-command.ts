import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { LabError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import type { CliContext } from './context.ts';

/** `lab explain`: the rules, or the guide page of one with its limits. */
export function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('say how a rule judges, by which limits and why; without a rule: list them')
    .argument('[rule]', "a rule's id, for example gc-pressure")
    .action(async function explainRule(given: string | undefined) {
      const { ruleIds } = await import('../analyze/finding.ts');
      const { guideText } = await import('../analyze/rules/guide-text.ts');
      const pageOf = (rule: string): string =>
        readFileSync(path.join(packageRoot, 'docs', 'rules', `${rule}.md`), 'utf8');
      if (given === undefined) {
        for (const rule of ruleIds) context.stdout.write(`${titleOf(pageOf(rule), rule)}\n`);
        return;
      }
      const rule = ruleIds.find((id) => id === given);
      if (rule === undefined) {
        throw new LabError({
          code: 'UNKNOWN_RULE',
          message: `no rule "${given}"; the rules are ${ruleIds.join(', ')}`,
          hint: 'run explain without a rule to see what each is about',
        });
      }
      context.stdout.write(guideText(rule, pageOf(rule)));
    });
}

/** `gc-pressure        Garbage collection and allocation`, from the page's first line. */
function titleOf(page: string, rule: string): string {
  const [head = ''] = page.split('\n', 1);
  return `${rule.padEnd(RULE_WIDTH)}${head.slice(head.indexOf(': ') + 2)}`;
}

const RULE_WIDTH = 20;
