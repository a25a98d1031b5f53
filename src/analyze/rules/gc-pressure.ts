import { chargedFunctions, classCost, valueIndexOf } from '../cost-shares.ts';
import { type Evidence, profileOf } from '../evidence.ts';
import type { EvidenceLine, Finding, Subject } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import type { FrameClass, Profile } from '../profile/profile.ts';
import { CRITICAL_COST_SHARE, NOTABLE_COST_SHARE } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/**
 * Is the collector a notable part of the cost? Judged by the CPU profile, without one by the collector's own time. The
 * subject is the application function that allocates most: it is what there is to change.
 */
export function gcPressure(evidence: Evidence): Finding {
  const cpu = profileOf(evidence, 'cpu');
  const cost =
    cpu === null
      ? null
      : classCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), collectorClasses(cpu.profile));
  const gcTimeShare = phaseFigures(evidence, 'clean')?.target.gcTimeShare ?? null;
  const share = cost?.share ?? gcTimeShare;
  if (share === null) {
    return insufficientData('gc-pressure', 'There is neither a CPU profile nor a sample of the collector.');
  }
  const lines: EvidenceLine[] = [];
  if (cpu !== null && cost !== null) {
    lines.push({
      metric: 'garbage collection, share of CPU',
      value: cost.share * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: cpu.record.file,
    });
  }
  if (gcTimeShare !== null) {
    lines.push({
      metric: 'garbage collection, share of time',
      value: gcTimeShare * 100,
      unit: '%',
      threshold: cost === null ? NOTABLE_COST_SHARE * 100 : null,
      source: 'timeline.ndjson, clean phase',
    });
  }
  const allocator = topAllocator(evidence);
  lines.push(...(allocator?.lines ?? []));
  if (share < NOTABLE_COST_SHARE) {
    const measure = cost === null ? 'the time' : 'the CPU';
    return clear('gc-pressure', `Garbage collection takes ${percent(share)} of ${measure}.`, lines);
  }
  const subject = allocator?.subject ?? cost?.subject ?? null;
  const blame = subject === null ? '' : `; ${nameSubject(subject)} allocates most`;
  return {
    rule: 'gc-pressure',
    verdict: 'found',
    severity: share >= CRITICAL_COST_SHARE ? 'critical' : 'warning',
    confidence: cost !== null && allocator !== null ? 'high' : 'medium',
    share,
    subject,
    summary: `Garbage collection takes ${percent(share)} of ${cost === null ? 'the time' : 'the CPU'}${blame}.`,
    evidence: lines,
    advice: adviceFor('gc-pressure', evidence.run),
  };
}

/** Go and native code allocate in frames of their own below the caller; V8 allocates inline and pays in the collector. */
function collectorClasses(profile: Profile): readonly FrameClass[] {
  return profile.frames.some((frame) => frame.runtime === 'v8') ? ['gc'] : ['gc', 'allocation'];
}

function topAllocator(
  evidence: Evidence,
): { readonly subject: Subject | null; readonly lines: EvidenceLine[] } | null {
  const loaded = profileOf(evidence, 'allocations');
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const valueIndex = valueIndexOf(profile, 'alloc_space');
  const top = chargedFunctions(profile, valueIndex)[0] ?? null;
  const lines: EvidenceLine[] = [];
  const figures = phaseFigures(evidence, record.phase);
  const total = profile.values[valueIndex]?.reduce((sum, value) => sum + value, 0) ?? 0;
  if (figures !== null && figures.requestsPerSecond !== null && figures.requestsPerSecond > 0) {
    const requests = figures.requestsPerSecond * (record.durationNs / 1e9);
    if (requests > 0) {
      lines.push({
        metric: 'allocated per request',
        value: total / requests,
        unit: 'bytes',
        threshold: null,
        source: record.file,
      });
    }
  }
  if (top !== null) {
    lines.push({
      metric: `allocated through ${top.subject.function}`,
      value: top.share * 100,
      unit: '%',
      threshold: null,
      source: record.file,
    });
  }
  return { subject: top?.subject ?? null, lines };
}
