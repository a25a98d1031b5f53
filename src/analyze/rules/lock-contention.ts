import { classCost, type FrameCost, valueIndexOf } from '../cost-shares.ts';
import { type Evidence, profileOf } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import { CRITICAL_COST_SHARE, NOTABLE_COST_SHARE } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/**
 * Do threads wait for each other? Judged by stacks that go through a lock, in CPU time (spinning, futex calls) and in
 * wall time (waiting), whichever is more. A P99 far above P95 is told beside it and proves nothing alone.
 */
export function lockContention(evidence: Evidence): Finding {
  const cpu = profileOf(evidence, 'cpu');
  if (cpu === null) {
    return insufficientData(
      'lock-contention',
      'There is no CPU profile, and latency alone does not prove a lock.',
    );
  }
  const costs = ['cpu', 'wall']
    .map((type) => classCost(cpu.profile, valueIndexOf(cpu.profile, type), ['lock']))
    .filter((cost): cost is FrameCost => cost !== null)
    .sort((a, b) => b.share - a.share);
  const cost = costs[0];
  if (cost === undefined) return insufficientData('lock-contention', 'The CPU profile holds no busy sample.');
  const lines: EvidenceLine[] = [
    {
      metric: 'stacks through a lock, share of time',
      value: cost.share * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: cpu.record.file,
    },
  ];
  const figures = phaseFigures(evidence, 'clean');
  if (figures?.latency != null && figures.latency.p95Ns > 0) {
    lines.push({
      metric: 'P99 over P95',
      value: figures.latency.p99Ns / figures.latency.p95Ns,
      unit: 'times',
      threshold: null,
      source: 'histograms, clean phase',
    });
  }
  if (figures?.target.involuntaryContextSwitchesPerSecond != null) {
    lines.push({
      metric: 'involuntary context switches',
      value: figures.target.involuntaryContextSwitchesPerSecond,
      unit: '1/s',
      threshold: null,
      source: 'timeline.ndjson, clean phase',
    });
  }
  if (cost.share < NOTABLE_COST_SHARE) {
    const threads = cpu.record.threads.length;
    const why = threads === 1 ? ' One thread runs the tracker, so there is nobody to wait for.' : '';
    return clear(
      'lock-contention',
      `Stacks through a lock take ${percent(cost.share)} of the time.${why}`,
      lines,
    );
  }
  const blame = cost.subject === null ? '' : `, most of it below ${nameSubject(cost.subject)}`;
  return {
    rule: 'lock-contention',
    verdict: 'found',
    severity: cost.share >= CRITICAL_COST_SHARE ? 'critical' : 'warning',
    confidence: 'high',
    share: cost.share,
    subject: cost.subject,
    summary: `Stacks through a lock take ${percent(cost.share)} of the time${blame}.`,
    evidence: lines,
    advice: adviceFor('lock-contention', evidence.run),
  };
}
