import { busySampleCount, chargedFunctions, classCost, valueIndexOf } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence, profileOf } from '../evidence.ts';
import type { EvidenceLine, Finding, Subject } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import type { FrameClass } from '../profile/profile.ts';
import { type TargetRuntime, targetRuntime } from '../target-runtime.ts';
import { CRITICAL_COST_SHARE, LEAST_PROFILE_SAMPLES, NOTABLE_COST_SHARE } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { guideLines, guideWords, inWords } from './guide-words.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/** What is looked for, by runtime: V8 allocates inline and pays in the collector, Go pays in both, native code in malloc. */
const costs: Readonly<
  Record<TargetRuntime, { readonly name: string; readonly classes: readonly FrameClass[] }>
> = {
  node: { name: 'garbage collection', classes: ['gc'] },
  go: { name: 'garbage collection and allocation', classes: ['gc', 'allocation'] },
  native: { name: 'memory allocation', classes: ['gc', 'allocation'] },
};

/**
 * Are the collector and, outside of V8, allocation a notable part of the cost? Judged by the CPU profile and by the collector's own time, whichever is more. The
 * subject is the application function that allocates most: it is what there is to change.
 */
export function gcPressure(evidence: Evidence): Finding {
  const runtime = targetRuntime(evidence);
  const cpu = cpuProfileOf(evidence);
  const isEnough =
    cpu !== null && (busySampleCount(cpu.profile) ?? LEAST_PROFILE_SAMPLES) >= LEAST_PROFILE_SAMPLES;
  const cost = isEnough
    ? classCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), costs[runtime].classes)
    : null;
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const gcTimeShare = target?.gcTimeShare ?? null;
  const cpuShare = target?.cpuShare ?? null;
  const gcCpuShare =
    gcTimeShare === null || cpuShare === null || cpuShare <= 0 ? null : Math.min(1, gcTimeShare / cpuShare);
  const told = greatest([
    {
      share: cost?.share ?? null,
      of: 'the CPU',
      from: cpu === null ? '' : `by the CPU profile of the ${cpu.record.phase} phase`,
    },
    {
      share: gcCpuShare,
      of: 'the CPU',
      from: "by the collector's own clock over the tracker's CPU, clean phase",
    },
    {
      share: gcCpuShare === null ? gcTimeShare : null,
      of: 'the time',
      from: "by the collector's own clock, clean phase",
    },
  ]);
  if (told === null) {
    return insufficientData('gc-pressure', 'There is neither a CPU profile nor a sample of the collector.');
  }
  const lines: EvidenceLine[] = [];
  if (cpu !== null && cost !== null) {
    lines.push({
      metric: `${costs[runtime].name}, share of CPU by the CPU profile (${cpu.record.phase} phase)`,
      value: cost.share * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: cpu.record.file,
    });
  }
  const words = cpu === null ? [] : guideWords('gc-pressure', cpu, runtime);
  if (cpu !== null) lines.push(...guideLines(words, cpu));
  if (gcTimeShare !== null) {
    lines.push({
      metric: "garbage collection by the collector's own clock, share of time",
      value: gcTimeShare * 100,
      unit: '%',
      threshold: cost === null && gcCpuShare === null ? NOTABLE_COST_SHARE * 100 : null,
      source: 'timeline.ndjson, clean phase',
    });
  }
  if (gcCpuShare !== null) {
    lines.push({
      metric: "the same over the tracker's CPU time",
      value: gcCpuShare * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: 'timeline.ndjson, clean phase',
    });
  }
  const allocator = topAllocator(evidence);
  lines.push(...(allocator?.lines ?? []));
  const { name } = costs[runtime];
  const verb = runtime === 'go' ? 'take' : 'takes';
  const { share } = told;
  const sentence = `${name.charAt(0).toUpperCase()}${name.slice(1)} ${verb} ${percent(share)} of ${told.of}${inWords(words)}, ${told.from}`;
  if (share < NOTABLE_COST_SHARE) return clear('gc-pressure', `${sentence}.`, lines);
  const subject = allocator?.subject ?? cost?.subject ?? null;
  const blame = subject === null ? '' : `; ${nameSubject(subject)} allocates most`;
  return {
    rule: 'gc-pressure',
    verdict: 'found',
    severity: share >= CRITICAL_COST_SHARE ? 'critical' : 'warning',
    confidence: cost !== null && allocator !== null ? 'high' : 'medium',
    share,
    subject,
    summary: `${sentence}${blame}.`,
    evidence: lines,
    advice: adviceFor('gc-pressure', evidence),
  };
}

/** One way in which the cost was measured. */
interface Measured {
  readonly share: number;
  /** Of what, as a sentence has it. */
  readonly of: string;
  /** Phase and source. */
  readonly from: string;
}

/** The greatest of what was measured: a sampling profiler that runs in the collected thread misses collections. */
function greatest(
  ways: readonly (Omit<Measured, 'share'> & { readonly share: number | null })[],
): Measured | null {
  let most: Measured | null = null;
  for (const { share, of, from } of ways) {
    if (share !== null && (most === null || share > most.share)) most = { share, of, from };
  }
  return most;
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
