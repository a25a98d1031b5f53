/** Runs all rules over a run and puts what they say in the order in which to read it. Pure. */
import { classCost, isSameSubject, valueIndexOf } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { Finding, RuleId } from '../finding.ts';
import { invalidReason, measurementChecks } from '../validity.ts';
import { cpuHotFunction } from './cpu-hot-function.ts';
import { errorsReturned } from './errors-returned.ts';
import { COLLECTOR_SUBJECT, eventLoopStall } from './event-loop-stall.ts';
import { gcPressure } from './gc-pressure.ts';
import { generatorLimited } from './generator-limited.ts';
import { lockContention } from './lock-contention.ts';
import { memoryGrowth } from './memory-growth.ts';
import { receiveDrops } from './receive-drops.ts';
import { insufficientData, type Rule } from './rule.ts';
import { kernelCaller, syscallBound } from './syscall-bound.ts';

const trackerRules: Readonly<Partial<Record<RuleId, Rule>>> = {
  'gc-pressure': gcPressure,
  'lock-contention': lockContention,
  'syscall-bound': syscallBound,
  'cpu-hot-function': cpuHotFunction,
  'memory-growth': memoryGrowth,
  'event-loop-stall': eventLoopStall,
  'receive-drops': receiveDrops,
  'errors-returned': errorsReturned,
};

/**
 * All findings of a run: the found ones first, ranked by the share they explain, then the clear ones, then those that
 * could not tell. Of an invalid run no rule says anything of the tracker: each answers `insufficient-data`.
 */
export function judge(evidence: Evidence): readonly Finding[] {
  const generator = generatorLimited(evidence);
  const reason = invalidReason(measurementChecks(evidence));
  if (reason !== null) {
    const others = Object.keys(trackerRules).map((rule) =>
      insufficientData(rule as RuleId, `No verdict: ${reason}, so the run is invalid.`),
    );
    return [generator, ...others];
  }
  const findings = Object.values(trackerRules).map((rule) => rule(evidence));
  const ordered = rank(tellOnce(findings, evidence));
  return [...ordered, generator].sort((a, b) => verdictOrder[a.verdict] - verdictOrder[b.verdict]);
}

const verdictOrder = { found: 0, clear: 1, 'insufficient-data': 2 } as const;
const severityOrder = { critical: 0, warning: 1, info: 2 } as const;

/** By the share of the cost that they explain, the greatest first; those without a share by severity, after them. */
function rank(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) =>
      verdictOrder[a.verdict] - verdictOrder[b.verdict] ||
      (b.share ?? -1) - (a.share ?? -1) ||
      severityOrder[a.severity] - severityOrder[b.severity],
  );
}

/**
 * Leaves out a general finding whose cause a special one names already, and gives its evidence to that one: the hot
 * function that is hot because it makes system calls or waits for a lock, the stall that is a collection.
 */
function tellOnce(findings: readonly Finding[], evidence: Evidence): readonly Finding[] {
  let told = [...findings];
  const found = (rule: RuleId): Finding | undefined =>
    told.find((finding) => finding.rule === rule && finding.verdict === 'found');
  const fold = (general: Finding, special: Finding): void => {
    told = told
      .filter((finding) => finding !== general)
      .map((finding) =>
        finding === special ? { ...special, evidence: [...special.evidence, ...general.evidence] } : finding,
      );
  };
  const stall = found('event-loop-stall');
  const gc = found('gc-pressure');
  if (stall?.subject?.function === COLLECTOR_SUBJECT && gc !== undefined) fold(stall, gc);
  for (const rule of ['lock-contention', 'syscall-bound'] as const) {
    const hot = found('cpu-hot-function');
    const special = found(rule);
    if (hot !== undefined && special !== undefined && isMostlyThrough(hot, special, rule, evidence))
      fold(hot, special);
  }
  return told;
}

function isMostlyThrough(
  hot: Finding,
  special: Finding,
  rule: 'lock-contention' | 'syscall-bound',
  evidence: Evidence,
): boolean {
  const cpu = cpuProfileOf(evidence);
  if (cpu === null || hot.share === null || !isSameSubject(hot.subject, special.subject)) return false;
  const through =
    rule === 'lock-contention'
      ? classCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), ['lock'])
      : kernelCaller(evidence, special.share ?? 0);
  return through !== null && through.subjectShare >= hot.share / 2;
}
