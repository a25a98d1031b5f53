import type { PhaseName } from '../../run.ts';
import type { Share } from '../../units.ts';
import {
  type ChargedFunction,
  chargedFunctions,
  classCost,
  classPosition,
  ITSELF,
  valueIndexOf,
} from '../cost-shares.ts';
import { cpuProfileOf, type Evidence, profileOf } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import type { Frame, FrameClass } from '../profile/profile.ts';
import { type TargetRuntime, targetRuntime } from '../target-runtime.ts';
import { EXPLAINING_SHARE, NOTABLE_COST_SHARE } from '../thresholds.ts';
import { mostWork } from '../work-kinds.ts';
import { adviceFor } from './advice.ts';
import { costSeverity } from './cost-severity.ts';
import { guideLines, guideWords, inWords } from './guide-words.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { fewSamplesReason, lesser, shareConfidence, tooFewSamples } from './share-confidence.ts';

/** What is looked for, by runtime: V8 allocates inline and pays in the collector, Go pays in both, native code in malloc. */
const costs: Readonly<
  Record<TargetRuntime, { readonly name: string; readonly classes: readonly FrameClass[] }>
> = {
  node: { name: 'garbage collection', classes: ['gc'] },
  go: { name: 'garbage collection and allocation', classes: ['gc', 'allocation'] },
  native: { name: 'memory allocation', classes: ['gc', 'allocation'] },
};

/**
 * Are the collector and, outside of V8, allocation a notable part of the cost? Judged by the CPU profile and by the collector's
 * own time, whichever is more; in V8 with what its helper threads use, where the lab sampled them: on one core as on many
 * they take it from the program. The subject is the application function that allocates most: it is what there is to change.
 */
export function gcPressure(evidence: Evidence): Finding {
  const runtime = targetRuntime(evidence);
  const cpu = cpuProfileOf(evidence);
  const few = cpu === null ? null : tooFewSamples(cpu);
  // What another finding allocates is collected on its account.
  const ownPart = 1 - (evidence.explained?.allocatedShare ?? 0);
  const cost =
    cpu !== null && few === null
      ? ownCost(classCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), costs[runtime].classes), ownPart)
      : null;
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const gcTimeShare = target?.gcTimeShare == null ? null : target.gcTimeShare * ownPart;
  // The collector's clock runs on while it waits for a core, as all of the tracker does then: both are set in proportion.
  const activeShare = target?.cpuShare == null ? null : target.cpuShare + (target.runQueueDelayShare ?? 0);
  const gcCpuShare =
    gcTimeShare === null || activeShare === null || activeShare <= 0
      ? null
      : Math.min(1, gcTimeShare / activeShare);
  const helpers = helperShare(evidence, 'clean', ownPart);
  // perf's profile holds the helpers' stacks; V8's own has those of threads that run JavaScript.
  const helpersBesideProfile =
    cpu === null || cpu.record.kind === 'perf' ? null : helperShare(evidence, cpu.record.phase, ownPart);
  const told = greatest([
    {
      share: withHelpers(cost?.share ?? null, helpersBesideProfile),
      of: 'the CPU',
      from: cpu === null ? '' : `by the CPU profile of the ${cpu.record.phase} phase`,
    },
    {
      share: withHelpers(gcCpuShare, helpers),
      of: 'the CPU',
      from: "by the collector's own clock over the CPU that the tracker used or waited for, clean phase",
    },
    {
      share: gcCpuShare === null ? gcTimeShare : null,
      of: 'the time',
      from: "by the collector's own clock, clean phase",
    },
  ]);
  if (told === null) {
    return insufficientData(
      'gc-pressure',
      few === null
        ? 'There is neither a CPU profile nor a sample of the collector.'
        : `${fewSamplesReason(few)} The collector's own time was not sampled.`,
    );
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
      metric: 'the same over the CPU time that the tracker used or waited for',
      value: gcCpuShare * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: 'timeline.ndjson, clean phase',
    });
  }
  if (helpers !== null) {
    lines.push({
      metric: "V8's helper threads, which collect (and compile) beside the program, share of CPU",
      value: helpers * 100,
      unit: '%',
      threshold: null,
      source: 'timeline.ndjson, clean phase',
    });
  }
  const allocator = topAllocator(evidence);
  lines.push(...(allocator?.lines ?? []));
  const { name } = costs[runtime];
  const verb = runtime === 'go' ? 'take' : 'takes';
  const { share } = told;
  const sentence = `${name.charAt(0).toUpperCase()}${name.slice(1)} ${verb} ${percent(share)} of ${told.of}${inWords(words)}${helpers === null ? '' : `, ${percent(helpers)} of it on V8's helper threads`}, ${told.from}`;
  if (share < NOTABLE_COST_SHARE) return clear('gc-pressure', `${sentence}.`, lines);
  const subject = allocator?.top?.subject ?? cost?.subject ?? null;
  const blame = subject === null ? '' : `; ${nameSubject(subject)} ${howMuch(allocator?.top ?? null)}`;
  const known = cpu === null || cost === null ? null : shareConfidence(cpu, cost.share, NOTABLE_COST_SHARE);
  // The collector's own clock counts all of its time and is no sample.
  const byClock = (withHelpers(gcCpuShare, helpers) ?? 0) >= NOTABLE_COST_SHARE;
  const confidence = byClock ? 'high' : (known?.confidence ?? 'medium');
  return {
    rule: 'gc-pressure',
    verdict: 'found',
    severity: costSeverity(share),
    confidence: allocator?.top == null ? lesser(confidence, 'medium') : confidence,
    share,
    subject,
    summary: `${sentence}${blame}.`,
    evidence: [...lines, ...(known?.lines ?? [])],
    advice: [
      ...minorAdvice(evidence),
      ...adviceFor(
        'gc-pressure',
        evidence,
        allocator?.top == null ? null : mostWork(allocator.top, 'objects'),
      ),
    ],
  };
}

/** A larger young generation helps only where its own collections are the greater part of the collector's time. */
function minorAdvice(evidence: Evidence): readonly string[] {
  const ms = phaseFigures(evidence, 'clean')?.target.gcMsByKind ?? null;
  if (ms === null || targetRuntime(evidence) !== 'node') return [];
  const all = Object.values(ms).reduce((sum, one) => sum + one, 0);
  if (all <= 0 || ms.minor < EXPLAINING_SHARE * all) return [];
  return [
    `Collections of the young generation are ${percent(ms.minor / all)} of the collector's time: try --max-semi-space-size=32 and measure again, and make fewer objects that outlive a request.`,
  ];
}

/**
 * CPU of V8's helper threads over the tracker's, as far as it is this rule's; null where it was not sampled. V8 names no
 * task of theirs: measured with `perf` in trackers that make garbage, three quarters of it is collecting and most of the rest
 * waking up for it; compiling is over with the warm-up.
 */
function helperShare(evidence: Evidence, phase: PhaseName, ownPart: Share): Share | null {
  const target = phaseFigures(evidence, phase)?.target ?? null;
  const helpers = target?.v8HelperCpuShare ?? null;
  const all = target?.cpuShare ?? null;
  return helpers === null || all === null || all <= 0 ? null : (helpers / all) * ownPart;
}

function withHelpers(share: Share | null, helpers: Share | null): Share | null {
  return share === null ? null : Math.min(1, share + (helpers ?? 0));
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

/**
 * Whether a stack (leaf first) is the collector's or the allocator's: what a finding of this rule explains, V8's constructors
 * of buffers and collections among it.
 */
export function isCollecting(stack: readonly Frame[]): boolean {
  return classPosition(stack, ['gc', 'allocation']) >= 0;
}

function ownCost<Cost extends { readonly share: number }>(cost: Cost | null, part: number): Cost | null {
  return cost === null ? null : { ...cost, share: cost.share * part };
}

/** `allocates most, 85 % of the bytes: 48 % through Uint8Array, ...` */
function howMuch(top: ChargedFunction | null): string {
  if (top === null) return 'allocates most';
  const means = top.through
    .slice(0, TOLD_MEANS)
    .filter(({ share }) => share >= 0.01)
    .map(
      ({ function: name, share }) =>
        `${percent(share)} ${name === ITSELF ? 'in its own code' : `through ${withoutShapes(name)}`}`,
    );
  return `allocates most, ${percent(top.share)} of the bytes (${means.join(', ')})`;
}

/** Go names an instance of a generic function by the memory layout of its types, which may fill a screen: `New[...]`, as its stacks have it. */
function withoutShapes(name: string): string {
  const at = name.indexOf('[go.shape.');
  return at < 0 ? name : `${name.slice(0, at)}[...]`;
}

/** Means of allocation told of a function. */
const TOLD_MEANS = 3;

/** The function that allocates most, and what the profile of allocations says; null where there is none. */
export function topAllocator(
  evidence: Evidence,
): { readonly top: ChargedFunction | null; readonly lines: EvidenceLine[] } | null {
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
    for (const leaf of top.through.slice(0, TOLD_MEANS)) {
      lines.push({
        metric: `of that, by ${leaf.function === ITSELF ? 'its own code' : leaf.function}`,
        value: leaf.share * 100,
        unit: '%',
        threshold: null,
        source: record.file,
      });
    }
  }
  return { top, lines };
}
