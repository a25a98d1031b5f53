import { cpuProfileOf, type Evidence } from '../evidence.ts';
import type { EvidenceLine, Finding, RuleId } from '../finding.ts';
import { offCpu } from '../off-cpu.ts';
import { phaseFigures } from '../phase-figures.ts';
import { targetRuntime } from '../target-runtime.ts';
import { NOTABLE_COST_SHARE, NOTABLE_TAIL_SHARE, STALL_NS, TAIL_GAP_FACTOR } from '../thresholds.ts';
import { localLatencyTiers } from '../tier-tables.ts';
import { cannotTell, context, type PatternAnswer } from './pattern.ts';

/** P99 up to which a local tracker is excellent, whatever its P95. */
const HARMLESS_P99_NS =
  localLatencyTiers.tiers[0]?.conditions.find(({ figure }) => figure === 'p99Ns')?.limit ?? 0;

/**
 * Is P99 far above P95, and is that contention or stalls? A stall shows as a delay of the event loop that is a part of the
 * P99; contention as threads off the CPU that are not idle; a core that others had as time in the run queue.
 *
 * @param findings - of the same run: which of the causes their rules found
 */
export function tailGap(evidence: Evidence, findings: readonly Finding[]): PatternAnswer {
  const figures = phaseFigures(evidence, 'clean');
  const latency = figures?.latency ?? null;
  if (figures === null || latency === null || latency.p95Ns <= 0) {
    return cannotTell('nothing was answered in the clean phase');
  }
  const ratio = latency.p99Ns / latency.p95Ns;
  const lines: EvidenceLine[] = [
    {
      metric: 'P99 over P95',
      value: ratio,
      unit: 'times',
      threshold: TAIL_GAP_FACTOR,
      source: 'histograms, clean phase',
    },
    {
      metric: 'P99',
      value: latency.p99Ns / 1e6,
      unit: 'ms',
      threshold: HARMLESS_P99_NS / 1e6,
      source: 'histograms, clean phase',
    },
  ];
  const gap = `P99 is ${ratio.toFixed(1)} times P95`;
  if (ratio < TAIL_GAP_FACTOR) {
    return { verdict: 'clear', told: `${gap}, no more than a queue makes`, evidence: lines };
  }
  if (evidence.run.target.network === 'remote') {
    return cannotTell(`${gap}, but the tracker is remote, and the way to it has a tail of its own`, lines);
  }
  if (latency.p99Ns < HARMLESS_P99_NS) {
    return { verdict: 'clear', told: `${gap}, and still below ${HARMLESS_P99_NS / 1e6} ms`, evidence: lines };
  }
  const causes = causesOf(evidence, latency.p99Ns, findings, lines);
  const because =
    causes.length === 0
      ? 'neither stalls, nor locks, nor a lack of cores show, so its cause is not known'
      : `because of ${causes.join(', and ')}`;
  return { verdict: 'found', told: `${gap}, ${because}`, evidence: lines };
}

function causesOf(
  evidence: Evidence,
  p99Ns: number,
  findings: readonly Finding[],
  lines: EvidenceLine[],
): string[] {
  const isFound = (rule: RuleId): boolean =>
    findings.some((finding) => finding.rule === rule && finding.verdict === 'found');
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const timeline = 'timeline.ndjson, clean phase';
  const causes: string[] = [];
  const delayNs = target?.eventLoopDelayNsMax ?? null;
  if (delayNs !== null) {
    const threshold = Math.max(STALL_NS, p99Ns * NOTABLE_TAIL_SHARE) / 1e6;
    lines.push({
      metric: 'longest event-loop delay',
      value: delayNs / 1e6,
      unit: 'ms',
      threshold,
      source: timeline,
    });
  }
  if (isFound('event-loop-stall') && (delayNs ?? 0) >= p99Ns * NOTABLE_TAIL_SHARE) {
    causes.push('stalls of the event loop (`event-loop-stall`)');
  }
  const cpu = cpuProfileOf(evidence);
  const off = cpu === null || targetRuntime(evidence) !== 'node' ? null : offCpu(cpu.profile);
  if (cpu !== null && off !== null) {
    lines.push({
      metric: 'JavaScript off the CPU and not idle',
      value: off.share * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: cpu.record.file,
    });
  }
  const sleeps = target?.voluntaryContextSwitchesPerRequest ?? null;
  if (sleeps !== null) lines.push(context('times asleep per request', sleeps, 'times', timeline));
  if (isFound('lock-contention')) causes.push('threads that wait for locks (`lock-contention`)');
  if (isFound('external-wait')) causes.push('waiting for something outside (`external-wait`)');
  const waited = target?.runQueueDelayShare ?? null;
  if (waited !== null) {
    lines.push({
      metric: 'waiting for a core',
      value: waited * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: timeline,
    });
    if (waited >= NOTABLE_COST_SHARE) causes.push('waiting for a core that others had');
  }
  return causes;
}
