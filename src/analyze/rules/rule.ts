/** What every rule is made of. */
import type { Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding, RuleId, Subject } from '../finding.ts';

/** A rule is pure: the same evidence gives the same finding. */
export type Rule = (evidence: Evidence) => Finding;

/** The finding of a rule that saw its figures below their limits. */
export function clear(rule: RuleId, summary: string, evidence: readonly EvidenceLine[]): Finding {
  return {
    rule,
    verdict: 'clear',
    severity: 'info',
    confidence: 'high',
    share: null,
    subject: null,
    summary,
    evidence,
    advice: [],
  };
}

/** The finding of a rule that could not tell. */
export function insufficientData(
  rule: RuleId,
  summary: string,
  evidence: readonly EvidenceLine[] = [],
): Finding {
  return { ...clear(rule, summary, evidence), verdict: 'insufficient-data', confidence: 'low' };
}

const LONGEST_NAME = 100;

/** `function (file:line)` as a sentence names it; each name cut at 100 characters. */
export function nameSubject(subject: Subject): string {
  const name = shorten(subject.function);
  if (subject.file === null) return name;
  return `${name} (${shorten(subject.file)}${subject.line === null ? '' : `:${subject.line}`})`;
}

function shorten(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

/** A share as a sentence prints it, for example `12.3 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
