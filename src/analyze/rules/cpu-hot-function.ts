import { type ChargedFunction, chargedFunctions, ITSELF, valueIndexOf } from '../cost-shares.ts';
import { isDatagramCall } from '../datagram-calls.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { BUSY_CPU_SHARE, HOT_FUNCTION_SHARE, NOTABLE_COST_SHARE } from '../thresholds.ts';
import { usedCapacity } from '../used-capacity.ts';
import { mostWork } from '../work-kinds.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { fewSamplesReason, shareConfidence, tooFewSamples } from './share-confidence.ts';

/** Leaves told of the function. */
const TOLD_LEAVES = 2;

/**
 * Is the tracker out of CPU, and does one function of the application take a notable part of it by its own work? What it
 * spends on receiving and sending datagrams is no work of its own, and what other findings explain is cut out of the profile
 * before. Never critical: under a closed loop every tracker ends at its CPU, and some function is the costliest.
 */
export function cpuHotFunction(evidence: Evidence): Finding {
  const cpu = cpuProfileOf(evidence);
  if (cpu === null) return insufficientData('cpu-hot-function', 'There is no CPU profile.');
  const capacityShare = usedCapacity(evidence);
  if (capacityShare === null) {
    return insufficientData('cpu-hot-function', "The tracker's CPU was not sampled in the clean phase.");
  }
  const valueIndex = valueIndexOf(cpu.profile, 'cpu');
  const top = chargedFunctions(cpu.profile, valueIndex, (stack) => !isDatagramCall(stack))[0];
  const lines: EvidenceLine[] = [
    {
      metric: "tracker's CPU, share of what its threads can use",
      value: capacityShare * 100,
      unit: '%',
      threshold: BUSY_CPU_SHARE * 100,
      source: 'timeline.ndjson, clean phase',
    },
  ];
  if (top === undefined) {
    return insufficientData(
      'cpu-hot-function',
      'No stack of the CPU profile holds an application function.',
      lines,
    );
  }
  lines.push({
    metric: `charged to ${top.subject.function}, share of CPU without idle time and datagrams`,
    value: top.share * 100,
    unit: '%',
    threshold: NOTABLE_COST_SHARE * 100,
    source: cpu.record.file,
  });
  const hot = `${nameSubject(top.subject)} and what it calls take ${percent(top.share)} of the CPU`;
  if (capacityShare < BUSY_CPU_SHARE) {
    const used = percent(capacityShare);
    return clear(
      'cpu-hot-function',
      `The tracker uses ${used} of its CPU, which does not limit it. ${hot}.`,
      lines,
    );
  }
  const few = tooFewSamples(cpu);
  if (few !== null) return insufficientData('cpu-hot-function', fewSamplesReason(few), lines);
  if (top.share < NOTABLE_COST_SHARE) {
    return clear('cpu-hot-function', `The CPU is spent evenly: ${hot}, more than any other function.`, lines);
  }
  const known = shareConfidence(cpu, top.share, NOTABLE_COST_SHARE);
  return {
    rule: 'cpu-hot-function',
    verdict: 'found',
    severity: top.share >= HOT_FUNCTION_SHARE ? 'warning' : 'info',
    confidence: known.confidence,
    share: top.share,
    subject: top.subject,
    summary: `${hot}${means(top)}, and the tracker is out of CPU (${percent(capacityShare)} used).`,
    evidence: [...lines, ...known.lines],
    advice: adviceFor('cpu-hot-function', evidence, mostWork(top)),
  };
}

/** ` (80.0 % of it in its own code, 12.0 % in sort)` */
function means({ through }: ChargedFunction): string {
  const told = through
    .slice(0, TOLD_LEAVES)
    .filter(({ share }) => share >= 0.01)
    .map(({ function: name, share }) => `${percent(share)} in ${name === ITSELF ? 'its own code' : name}`);
  return told.length === 0 ? '' : ` (of that ${told.join(', ')})`;
}
