import { classCost, type FrameCost, valueIndexOf } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile } from '../evidence.ts';
import type { EvidenceLine, Finding, Subject } from '../finding.ts';
import { lockKind } from '../lock-kinds.ts';
import { heldDelay, type LockDelay, waitedDelay } from '../lock-waits.ts';
import { offCpu } from '../off-cpu.ts';
import { phaseFigures } from '../phase-figures.ts';
import { type TargetRuntime, targetRuntime } from '../target-runtime.ts';
import {
  LEAST_TOLD_SHARE,
  NOTABLE_COST_SHARE,
  SATURATED_CPU_SHARE,
  SLEEPS_PER_REQUEST,
  WAITING_CPU_SHARE,
} from '../thresholds.ts';
import { usableCores, wantedCapacity } from '../used-capacity.ts';
import { adviceFor } from './advice.ts';
import { costSeverity } from './cost-severity.ts';
import { guideLines, guideWords, inWords } from './guide-words.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { fewSamplesReason, shareConfidence, tooFewSamples } from './share-confidence.ts';

/** Functions that stand still and are told. */
const TOLD_WAITERS = 3;

/** One way in which locks show, and how much of the tracker's capacity it is. */
interface LockCost {
  /** Of the CPU, or waiting a second over the cores that the tracker can use; 0 to 1. */
  readonly share: number;
  readonly subject: Subject | null;
  /** A sentence without its full stop. */
  readonly told: string;
}

/**
 * Do threads wait for each other? Judged by what waiting shows itself in, whichever is more: stacks through a lock in CPU
 * time (spinning, futex calls) and in wall time, the delays of a Go program's mutex and block profiles, and JavaScript that is
 * off the CPU without being idle. Without any,
 * a tracker that has used up its CPU or hardly ever sleeps has no lock that matters; else it cannot be told: a P99 far
 * above P95 is told beside it and proves nothing alone.
 */
export function lockContention(evidence: Evidence): Finding {
  const runtime = targetRuntime(evidence);
  const loaded = cpuProfileOf(evidence);
  const few = loaded === null ? null : tooFewSamples(loaded);
  const cpu = few === null ? loaded : null;
  const lines: EvidenceLine[] = [];
  const waiting = runtime === 'go' ? goroutinesWaiting(evidence, lines) : null;
  const stacks = cpu === null ? null : lockStacks(cpu, runtime, lines);
  // One thread of JavaScript has no other to wait for: what stands still there waits for something outside.
  const hasOthers = runtime === 'node' && cpu !== null && cpu.record.threads.length > 1;
  const still = hasOthers ? standingStill(cpu, lines) : null;
  lines.push(...offCpuLines(evidence));
  // Who holds a lock without a core makes others wait for the core: of a tracker that has used up its CPU only what the
  // locks cost in CPU time can be saved.
  const isUsedUp = (wantedCapacity(evidence) ?? 0) >= SATURATED_CPU_SHARE;
  const costs = [isUsedUp ? null : waiting, stacks, still]
    .filter((one) => one !== null)
    .sort((x, y) => y.share - x.share);
  const cost = costs[0];
  if (cost !== undefined && cost.share >= NOTABLE_COST_SHARE) {
    const known =
      cost === stacks && cpu !== null ? shareConfidence(cpu, cost.share, NOTABLE_COST_SHARE) : null;
    return {
      rule: 'lock-contention',
      verdict: 'found',
      severity: costSeverity(cost.share),
      confidence: known?.confidence ?? 'high',
      share: cost.share,
      subject: cost.subject,
      summary: `${cost.told}.`,
      evidence: [...lines, ...(known?.lines ?? [])],
      advice: adviceFor('lock-contention', evidence, lockKind(evidence)),
    };
  }
  const reason = runtime === 'node' ? nodeReason(cpu, stacks) : clearReason(evidence, waiting, stacks);
  if (reason === null) {
    const why = few === null ? blindness(evidence, runtime, cost) : fewSamplesReason(few);
    return insufficientData('lock-contention', why, lines);
  }
  const told = cost === undefined ? '' : `${cost.told}. `;
  return clear('lock-contention', `${told}${reason}`.trim(), lines);
}

/** Stacks through a lock, by CPU time or wall time; null where the profile holds no busy sample. */
function lockStacks(cpu: LoadedProfile, runtime: TargetRuntime, lines: EvidenceLine[]): LockCost | null {
  const [cost] = ['cpu', 'wall']
    .map((type) => classCost(cpu.profile, valueIndexOf(cpu.profile, type), ['lock']))
    .filter((one): one is FrameCost => one !== null)
    .sort((a, b) => b.share - a.share);
  if (cost === undefined) return null;
  const words = guideWords('lock-contention', cpu, runtime);
  lines.push(
    {
      metric: 'stacks through a lock, share of time',
      value: cost.share * 100,
      unit: '%',
      threshold: NOTABLE_COST_SHARE * 100,
      source: cpu.record.file,
    },
    ...guideLines(words, cpu),
  );
  const isNotable = cost.share >= NOTABLE_COST_SHARE && cost.subject !== null;
  const blame = isNotable ? `, most of it below ${nameSubject(cost.subject)}` : '';
  return {
    share: cost.share,
    subject: cost.subject,
    told: `Stacks through a lock take ${percent(cost.share)} of the time${inWords(words)}${blame}`,
  };
}

/** Node: JavaScript that is on the clock and off the CPU, as in `Atomics.wait`, which has no frame. Null where none is. */
function standingStill({ profile, record }: LoadedProfile, lines: EvidenceLine[]): LockCost | null {
  const off = offCpu(profile);
  if (off === null) return null;
  const source = record.file;
  lines.push({
    metric: 'JavaScript off the CPU and not idle, share of time',
    value: off.share * 100,
    unit: '%',
    threshold: NOTABLE_COST_SHARE * 100,
    source,
  });
  const [most] = off.functions;
  if (most === undefined || off.share < LEAST_TOLD_SHARE) return null;
  for (const { subject, cpuShare } of off.functions.slice(0, TOLD_WAITERS)) {
    lines.push({
      metric: `CPU of ${subject.function}, share of its wall time`,
      value: cpuShare * 100,
      unit: '%',
      threshold: WAITING_CPU_SHARE * 100,
      source,
    });
  }
  return {
    share: off.share,
    subject: most.subject,
    told: `JavaScript stands still for ${percent(off.share)} of the time, most of it in ${nameSubject(most.subject)}, which is on the CPU for ${percent(most.cpuShare)} of its own: it waits, as Atomics.wait does`,
  };
}

/** The delays of the mutex and block profiles; null where there is neither. */
function goroutinesWaiting(evidence: Evidence, lines: EvidenceLine[]): LockCost | null {
  const held = heldDelay(evidence);
  const waited = waitedDelay(evidence);
  const cores = usableCores(evidence);
  const add = (metric: string, delay: LockDelay | null): void => {
    if (delay === null) return;
    lines.push({
      metric,
      value: delay.secondsPerSecond,
      unit: 's/s',
      threshold: NOTABLE_COST_SHARE * cores,
      source: delay.source,
    });
    if (delay.subject === null) return;
    lines.push({
      metric: `${delay === held ? 'held' : 'waited for'} by ${delay.subject.function}, share of that`,
      value: delay.subjectShare * 100,
      unit: '%',
      threshold: null,
      source: delay.source,
    });
  };
  add('waiting for a mutex, by who held it', held);
  add('waiting for a mutex, by who waited', waited);
  const longest = Math.max(held?.secondsPerSecond ?? -1, waited?.secondsPerSecond ?? -1);
  if (longest < 0) return null;
  const holder = held?.subject ?? null;
  const waiter = waited?.subject ?? null;
  const who = [
    holder === null ? '' : `; ${nameSubject(holder)} held them most (Go books a wait on who unlocks)`,
    waiter === null ? '' : `; ${nameSubject(waiter)} waited most`,
  ].join('');
  return {
    share: Math.min(1, longest / cores),
    subject: holder ?? waiter,
    told: `Goroutines waited ${longest.toFixed(3)} s a second for locks${who}`,
  };
}

function offCpuLines(evidence: Evidence): EvidenceLine[] {
  const figures = phaseFigures(evidence, 'clean');
  const lines: EvidenceLine[] = [];
  const add = (metric: string, value: number | null | undefined, unit: string, source: string): void => {
    if (value !== null && value !== undefined) lines.push({ metric, value, unit, threshold: null, source });
  };
  const { latency, target } = figures ?? { latency: null, target: null };
  const ratio = latency === null || latency.p95Ns <= 0 ? null : latency.p99Ns / latency.p95Ns;
  const timeline = 'timeline.ndjson, clean phase';
  add('P99 over P95', ratio, 'times', 'histograms, clean phase');
  add('involuntary context switches', target?.involuntaryContextSwitchesPerSecond, '1/s', timeline);
  add(
    'voluntary context switches per request',
    target?.voluntaryContextSwitchesPerRequest,
    'times',
    timeline,
  );
  add('threads asleep, mean', target?.threadStates?.asleep, 'threads', timeline);
  return lines;
}

/** Why the absence of a lock in a Node profile is one; null where there is no such profile. */
function nodeReason(cpu: LoadedProfile | null, stacks: LockCost | null): string | null {
  if (cpu === null || stacks === null) return null;
  return cpu.record.threads.length === 1 && cpu.record.kind === 'cpu'
    ? 'One thread runs the tracker, so there is nobody to wait for.'
    : '';
}

/** Why no lock can matter to another program; null where that cannot be told. An empty text: by its profiles. */
function clearReason(evidence: Evidence, waiting: LockCost | null, stacks: LockCost | null): string | null {
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  if (target?.threads === 1) return 'One thread runs the tracker, so there is nobody to wait for.';
  const capacity = wantedCapacity(evidence);
  if (capacity !== null && capacity >= SATURATED_CPU_SHARE) {
    // A lock that spins costs CPU, which only a profile of it shows.
    if (stacks === null) return null;
    return `The tracker has used up its CPU (${percent(capacity)}), so it is not waiting that limits it.`;
  }
  if (waiting !== null) return '';
  const sleeps = target?.voluntaryContextSwitchesPerRequest ?? null;
  if (sleeps !== null && sleeps < SLEEPS_PER_REQUEST) {
    return `Its threads fell asleep ${sleeps.toFixed(3)} times a request, and who waits for a lock sleeps.`;
  }
  return null;
}

function blindness(evidence: Evidence, runtime: TargetRuntime, cost: LockCost | undefined): string {
  if (runtime === 'node') {
    return cpuProfileOf(evidence) === null
      ? 'There is no CPU profile, and latency alone does not prove a lock.'
      : 'The CPU profile holds no busy sample.';
  }
  const told = cost === undefined ? 'There is no CPU profile' : `${cost.told}, which does not show waiting`;
  if ((wantedCapacity(evidence) ?? 0) >= SATURATED_CPU_SHARE) {
    return `${told}; the tracker has used up its CPU, and what locks cost of it only a CPU profile shows.`;
  }
  if (runtime === 'native') {
    return `${told}; the tracker has CPU left, and its threads sleep, for a lock or for want of requests.`;
  }
  const reasons = evidence.run.missingProfiles.filter(({ kind }) => kind === 'mutex' || kind === 'block');
  const why = reasons.map(({ kind, reason }) => `${kind}: ${reason}`).join('; ');
  return `${told}; neither a mutex nor a block profile tells of it${why === '' ? '' : ` (${why})`}.`;
}
