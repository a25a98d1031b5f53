import { costThrough, type FrameCost } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { logStacks, sinkShares } from '../logging-frames.ts';
import { NOTABLE_COST_SHARE } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { costSeverity } from './cost-severity.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { fewSamplesReason, shareConfidence, tooFewSamples } from './share-confidence.ts';

/** Sinks told of. */
const TOLD_SINKS = 3;

/**
 * Does writing a log take a notable part of the tracker's time? By the stacks through a console, a logging library or a
 * write to something that is no socket; CPU time, and wall time where a write blocks, whichever is more.
 */
export function logging(evidence: Evidence): Finding {
  const cpu = cpuProfileOf(evidence);
  if (cpu === null) return insufficientData('logging', 'There is no CPU profile.');
  const { profile, record } = cpu;
  const stacks = logStacks(profile);
  const costs = ['cpu', 'wall'].flatMap((type) => {
    const index = profile.valueTypes.findIndex((valueType) => valueType.type === type);
    const cost = index < 0 ? null : costThrough(profile, index, stacks.find);
    return cost === null ? [] : [{ type, cost }];
  });
  const [most] = costs.sort((a, b) => b.cost.share - a.cost.share);
  if (most === undefined) return insufficientData('logging', 'The CPU profile holds no busy sample.');
  const { type, cost } = most;
  const time = type === 'wall' ? 'time' : 'CPU';
  const shares = sinkShares(profile, stacks).slice(0, TOLD_SINKS);
  const lines: EvidenceLine[] = [
    {
      metric: `stacks that write a log, share of ${time}`,
      value: cost.share * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: record.file,
    },
    ...shares.map(({ name, share }) => ({
      metric: `written to ${name}, share of that`,
      value: share * 100,
      unit: '%',
      threshold: null,
      source: record.file,
    })),
  ];
  const told = `Writing a log takes ${percent(cost.share)} of the ${time}`;
  const few = tooFewSamples(cpu);
  if (few !== null) return insufficientData('logging', fewSamplesReason(few), lines);
  if (cost.share < NOTABLE_COST_SHARE) {
    return clear(
      'logging',
      cost.share === 0 ? 'No stack of the CPU profile writes a log.' : `${told}.`,
      lines,
    );
  }
  const known = shareConfidence(cpu, cost.share, NOTABLE_COST_SHARE);
  return {
    rule: 'logging',
    verdict: 'found',
    severity: costSeverity(cost.share),
    confidence: known.confidence,
    share: cost.share,
    subject: cost.subject,
    summary: `${told}, to ${shares.map(({ name }) => name).join(' and ')}${blame(cost)}.`,
    evidence: [...lines, ...known.lines],
    advice: adviceFor('logging', evidence, shares[0]?.name ?? null),
  };
}

function blame({ subject, subjectShare, share }: FrameCost): string {
  return subject === null ? '' : `; ${nameSubject(subject)} writes ${percent(subjectShare / share)} of it`;
}
