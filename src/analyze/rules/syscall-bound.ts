import type { Share } from '../../units.ts';
import { classCost, type FrameCost, nativeCallCost, valueIndexOf } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import { targetRuntime } from '../target-runtime.ts';
import { SYSCALL_BOUND_SHARE } from '../thresholds.ts';
import { adviceFor } from './advice.ts';
import { guideLines, guideWords, inWords } from './guide-words.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';

/**
 * Does the kernel take the greater part of the tracker's CPU? For UDP its part is the floor of the cost, so this is
 * never critical: it says that the user-space code is no longer what limits.
 */
export function syscallBound(evidence: Evidence): Finding {
  const cpu = cpuProfileOf(evidence);
  const cost =
    cpu === null ? null : classCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), ['syscall', 'network']);
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const busy = target?.cpuShare ?? null;
  const system = target?.cpuSystemShare ?? null;
  const kernelShare = busy === null || system === null || busy <= 0 ? null : system / busy;
  const share = kernelShare ?? cost?.share ?? null;
  if (share === null) {
    return insufficientData('syscall-bound', 'There is neither a CPU profile nor a sample of the process.');
  }
  const lines: EvidenceLine[] = [];
  if (kernelShare !== null) {
    lines.push({
      metric: 'kernel, share of CPU',
      value: kernelShare * 100,
      unit: '%',
      threshold: SYSCALL_BOUND_SHARE * 100,
      source: 'timeline.ndjson, clean phase',
    });
  }
  if (target?.systemMicrosecondsPerRequest != null) {
    lines.push({
      metric: 'kernel time per request',
      value: target.systemMicrosecondsPerRequest,
      unit: 'µs',
      threshold: null,
      source: 'timeline.ndjson, clean phase',
    });
  }
  const stacks = cpu === null ? null : kernelStacks(cpu, kernelShare ?? 0);
  if (cpu !== null && stacks !== null) {
    lines.push({
      metric: stacks.metric,
      value: stacks.cost.share * 100,
      unit: '%',
      threshold: kernelShare === null ? SYSCALL_BOUND_SHARE * 100 : null,
      source: cpu.record.file,
    });
  }
  const words = cpu === null ? [] : guideWords('syscall-bound', cpu, targetRuntime(evidence));
  if (cpu !== null) lines.push(...guideLines(words, cpu));
  const native = cpu === null ? null : nativeCallCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'));
  if (kernelShare === null && share < SYSCALL_BOUND_SHARE && (native?.share ?? 0) >= SYSCALL_BOUND_SHARE) {
    return insufficientData(
      'syscall-bound',
      `Native functions that the application calls take ${percent(native?.share ?? 0)} of the CPU; how much of it is the kernel's cannot be told without samples of the process.`,
      lines,
    );
  }
  const measured = kernelShare === null ? 'Stacks through system calls take' : 'The kernel takes';
  if (share < SYSCALL_BOUND_SHARE) {
    return clear(
      'syscall-bound',
      `${measured} ${percent(share)} of the tracker's CPU: the smaller part.`,
      lines,
    );
  }
  const caller = kernelCaller(evidence, share);
  const subject = caller?.subject ?? null;
  const blame = subject === null ? '' : `, called most by ${nameSubject(subject)}`;
  return {
    rule: 'syscall-bound',
    verdict: 'found',
    severity: 'warning',
    confidence: kernelShare !== null && stacks?.isNamed === true ? 'high' : 'medium',
    share,
    subject,
    summary: `${measured} ${percent(share)} of the tracker's CPU${inWords(words)}${blame}.`,
    evidence: lines,
    advice: adviceFor('syscall-bound', evidence),
  };
}

/** Stacks that enter the kernel, with the words for how they were told. */
interface KernelStacks {
  readonly cost: FrameCost;
  readonly metric: string;
  /** By names of system calls, which is surer than by native calls of any kind. */
  readonly isNamed: boolean;
}

/**
 * Who enters the kernel: by the stacks through system calls, or, where those explain less than half of the kernel's share
 * (a foreign-function binding may name its calls as it likes), by the native functions that the application calls.
 *
 * @param kernelShare - of the CPU
 * @returns null where there is no CPU profile
 */
export function kernelCaller(evidence: Evidence, kernelShare: Share): FrameCost | null {
  const cpu = cpuProfileOf(evidence);
  if (cpu === null) return null;
  return (
    kernelStacks(cpu, kernelShare)?.cost ?? nativeCallCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'))
  );
}

/** Null where neither explains half of the kernel's share: what they tell is then no evidence of it. */
function kernelStacks({ profile }: LoadedProfile, kernelShare: Share): KernelStacks | null {
  const valueIndex = valueIndexOf(profile, 'cpu');
  const named = classCost(profile, valueIndex, ['syscall', 'network']);
  if (named !== null && named.share >= kernelShare / 2) {
    return {
      cost: named,
      metric: 'stacks through the network or a system call, share of CPU',
      isNamed: true,
    };
  }
  const native = nativeCallCost(profile, valueIndex);
  return native !== null && native.share >= kernelShare / 2
    ? { cost: native, metric: 'native functions called by the application, share of CPU', isNamed: false }
    : null;
}
