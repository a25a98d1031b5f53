import type { Share } from '../../units.ts';
import {
  type ChargedFunction,
  chargedFunctions,
  classCost,
  classPosition,
  isNativeCall,
  isSameSubject,
  nativeCallCost,
  valueIndexOf,
} from '../cost-shares.ts';
import { isDatagramCall } from '../datagram-calls.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile } from '../evidence.ts';
import type { EvidenceLine, Finding } from '../finding.ts';
import { phaseFigures } from '../phase-figures.ts';
import type { Frame } from '../profile/profile.ts';
import { targetRuntime } from '../target-runtime.ts';
import {
  BUSY_CPU_SHARE,
  EXPLAINING_SHARE,
  NOTABLE_COST_SHARE,
  SYSCALL_BOUND_SHARE,
  SYSCALL_EXCESS_SHARE,
} from '../thresholds.ts';
import { wantedCapacity } from '../used-capacity.ts';
import { adviceFor } from './advice.ts';
import { guideLines, guideWords, inWords } from './guide-words.ts';
import { clear, insufficientData, nameSubject, percent } from './rule.ts';
import { fewSamplesReason, tooFewSamples } from './share-confidence.ts';

const TIMELINE = 'timeline.ndjson, clean phase';

/**
 * Is the tracker out of CPU by system calls that it need not make? One receive and one send a request are the floor of a UDP
 * tracker; where the lab measured what they cost on this machine, the rule speaks of what is above. Where it did not, only
 * the greater part of the CPU is told, as a remark. Never critical.
 */
export function syscallBound(evidence: Evidence): Finding {
  const loaded = cpuProfileOf(evidence);
  const few = loaded === null ? null : tooFewSamples(loaded);
  const cpu = few === null ? loaded : null;
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const kernelShare = sampledKernelShare(evidence);
  const stacks = cpu === null ? null : kernelStacks(cpu, kernelShare ?? 0);
  const named =
    cpu === null ? null : classCost(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), ['syscall', 'network']);
  const share = kernelShare ?? named?.share ?? null;
  if (share === null) {
    return insufficientData(
      'syscall-bound',
      few === null
        ? 'There is neither a CPU profile nor a sample of the process.'
        : `${fewSamplesReason(few)} The process was not sampled.`,
    );
  }
  const floorShare = kernelShare === null ? null : floorOf(evidence);
  const above = floorShare === null ? null : Math.max(0, share - floorShare);
  const lines: EvidenceLine[] = [];
  const add = (
    metric: string,
    value: number | null | undefined,
    unit: string,
    source: string,
    threshold: number | null = null,
  ): void => {
    if (value !== null && value !== undefined) lines.push({ metric, value, unit, threshold, source });
  };
  const bound = above === null ? SYSCALL_BOUND_SHARE * 100 : null;
  if (kernelShare !== null) add('kernel, share of CPU', kernelShare * 100, '%', TIMELINE, bound);
  add(
    'kernel, above the floor of one receive and one send a request, share of CPU',
    above === null ? null : above * 100,
    '%',
    TIMELINE,
    SYSCALL_EXCESS_SHARE * 100,
  );
  add('kernel time per request', target?.systemMicrosecondsPerRequest, 'µs', TIMELINE);
  const floor = evidence.run.environment.udpFloor;
  if (floor !== null) {
    add(
      'floor: kernel time of one receive and one send',
      floor.systemMicrosecondsPerRequest,
      'µs',
      'run.json, measured before the load',
    );
    add(
      'the same in batches',
      floor.batchedSystemMicrosecondsPerRequest,
      'µs',
      'run.json, measured before the load',
    );
  }
  if (cpu !== null && stacks !== null) {
    add(
      stacks.metric,
      stacks.share * 100,
      '%',
      cpu.record.file,
      kernelShare === null ? SYSCALL_BOUND_SHARE * 100 : null,
    );
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
  const told = `${measured} ${percent(share)} of the tracker's CPU`;
  const capacity = wantedCapacity(evidence);
  if (capacity !== null && capacity < BUSY_CPU_SHARE) {
    add(
      "tracker's CPU, used or waited for, share of what its threads can use",
      capacity * 100,
      '%',
      TIMELINE,
      BUSY_CPU_SHARE * 100,
    );
    return clear(
      'syscall-bound',
      `${told}, but the tracker uses no more than ${percent(capacity)} of it: no system call limits it.`,
      lines,
    );
  }
  if (above !== null && above < SYSCALL_EXCESS_SHARE) {
    return clear(
      'syscall-bound',
      `${told}; ${percent(Math.min(share, floorShare ?? 0))} is the floor of one receive and one send a request on this machine, ${percent(above)} is above it.`,
      lines,
    );
  }
  if (above === null && share < SYSCALL_BOUND_SHARE) {
    return clear('syscall-bound', `${told}: the smaller part.`, lines);
  }
  const caller = cpu === null || stacks === null ? null : callerAbove(cpu, stacks, floorShare);
  const subject = caller?.subject ?? null;
  // A request needs its receive and its send: where only these cost more than the floor has, it is their price (cold caches,
  // fresh pages, a socket of one datagram a call), and no call of them could be left out.
  if (above !== null && caller?.isDatagram === true) {
    return clear(
      'syscall-bound',
      `${told}, ${percent(above)} above the floor of one receive and one send a request; beside datagrams the tracker calls for little, so that is what each costs here, not how many there are.`,
      lines,
    );
  }
  const blame = subject === null ? '' : `, called most by ${nameSubject(subject)}`;
  const ofFloor =
    above === null
      ? '; what one receive and one send cost was not measured on this machine, and is part of it'
      : `, ${percent(above)} above the floor of one receive and one send a request`;
  return {
    rule: 'syscall-bound',
    verdict: 'found',
    severity: above === null ? 'info' : 'warning',
    confidence: above === null ? 'low' : stacks?.isNamed === true && subject !== null ? 'high' : 'medium',
    share: above ?? share,
    subject,
    summary: `${told}${inWords(words)}${ofFloor}${blame}.`,
    evidence: lines,
    advice: adviceFor(
      'syscall-bound',
      evidence,
      caller === null || cpu === null ? null : callKind(cpu, caller),
    ),
  };
}

/** By the kernel's own account of the process, without what other findings explain; null where it was not sampled. */
function sampledKernelShare(evidence: Evidence): Share | null {
  const target = phaseFigures(evidence, 'clean')?.target ?? null;
  const busy = target?.cpuShare ?? null;
  const system = target?.cpuSystemShare ?? null;
  if (busy === null || system === null || busy <= 0) return null;
  return Math.max(0, system / busy - (evidence.explained?.kernelShare ?? 0));
}

/** The floor as a share of the tracker's CPU; null where it was not measured or the tracker is on another machine. */
function floorOf(evidence: Evidence): Share | null {
  const floor = evidence.run.environment.udpFloor;
  const micros = phaseFigures(evidence, 'clean')?.target.cpuMicrosecondsPerRequest ?? null;
  if (floor === null || micros === null || micros <= 0 || evidence.run.target.network === 'remote')
    return null;
  const { systemMicrosecondsPerRequest, batchedSystemMicrosecondsPerRequest } = floor;
  const one =
    evidence.run.target.socketKind === 'batched'
      ? (batchedSystemMicrosecondsPerRequest ?? systemMicrosecondsPerRequest)
      : systemMicrosecondsPerRequest;
  return Math.min(1, one / micros);
}

/** Stacks that enter the kernel, with the words for how they were told. */
interface KernelStacks {
  readonly share: Share;
  readonly metric: string;
  /** By names of system calls, which is surer than by native calls of any kind. */
  readonly isNamed: boolean;
  readonly isOne: (stack: readonly Frame[]) => boolean;
}

/**
 * Who enters the kernel: by the stacks through system calls, or, where those explain less than half of the kernel's share
 * (a foreign-function binding may name its calls as it likes), by the native functions that the application calls. Null
 * where neither explains half of it: what they tell is then no evidence of it.
 */
function kernelStacks({ profile }: LoadedProfile, kernelShare: Share): KernelStacks | null {
  const valueIndex = valueIndexOf(profile, 'cpu');
  const named = classCost(profile, valueIndex, ['syscall', 'network']);
  if (named !== null && named.share >= kernelShare * EXPLAINING_SHARE) {
    return {
      share: named.share,
      metric: 'stacks through the network or a system call, share of CPU',
      isNamed: true,
      isOne: (stack) => classPosition(stack, ['syscall', 'network']) >= 0,
    };
  }
  const native = nativeCallCost(profile, valueIndex);
  return native !== null && native.share >= kernelShare * EXPLAINING_SHARE
    ? {
        share: native.share,
        metric: 'native functions called by the application, share of CPU',
        isNamed: false,
        isOne: isNativeCall,
      }
    : null;
}

type CallKind = 'files' | 'the clock' | 'other calls';

interface CallerAbove extends ChargedFunction {
  readonly isDatagram: boolean;
  /** Whether a stack (leaf first) is one of those that are above the floor. */
  readonly isOne: (stack: readonly Frame[]) => boolean;
}

const callNames: readonly (readonly [CallKind, RegExp])[] = [
  [
    'files',
    /^(?:[lf]?stat(?:Sync)?|(?:open|read|exists|access|write|close)(?:File)?Sync|internalModuleStat|getStatsFromBinding)$|^os\.(?:ReadFile|Open|OpenFile|Stat|Lstat|WriteFile|ReadDir|\(\*File\))|^(?:do_sys_open\w*|path_openat|vfs_(?:read|write|stat\w*|fstat\w*)|ksys_(?:read|write)|do_statx?|__fput|filp_close)$/,
  ],
  [
    'the clock',
    /clock_gettime|gettimeofday|_sys_(?:alarm|time)$|^(?:alarm|setitimer|do_setitimer|alarm_setitimer)$/,
  ],
];

/** What most of its calls are for, by the frames below it; null: for datagrams. */
function callKind(
  { profile }: LoadedProfile,
  { isDatagram, subject, value, isOne }: CallerAbove,
): CallKind | null {
  if (isDatagram) return null;
  const valueIndex = valueIndexOf(profile, 'cpu');
  const most = callNames.find(([, pattern]) => {
    const named = chargedFunctions(profile, valueIndex, (stack) => {
      return isOne(stack) && stack.some((frame) => pattern.test(frame.functionName));
    }).find((one) => isSameSubject(one.subject, subject));
    return (named?.value ?? 0) >= EXPLAINING_SHARE * value;
  });
  return most?.[0] ?? 'other calls';
}

/** Whose calls are above the floor: of datagrams only what exceeds it counts, of all other calls everything. */
function callerAbove(
  { profile }: LoadedProfile,
  stacks: KernelStacks,
  floorShare: Share | null,
): CallerAbove | null {
  const valueIndex = valueIndexOf(profile, 'cpu');
  const datagrams = chargedFunctions(
    profile,
    valueIndex,
    (stack) => stacks.isOne(stack) && isDatagramCall(stack),
  )[0];
  const others = chargedFunctions(
    profile,
    valueIndex,
    (stack) => stacks.isOne(stack) && !isDatagramCall(stack),
  )[0];
  // Where the floor is not known, datagrams are taken for it as long as other calls are notable.
  const excess =
    floorShare === null
      ? (others?.share ?? 0) >= NOTABLE_COST_SHARE
        ? 0
        : (datagrams?.share ?? 0)
      : Math.max(0, (datagrams?.share ?? 0) - floorShare);
  const top = (others?.share ?? 0) >= excess ? (others ?? datagrams) : datagrams;
  return top === undefined
    ? null
    : {
        ...top,
        isDatagram: top === datagrams,
        isOne: (stack) => stacks.isOne(stack) && !isDatagramCall(stack),
      };
}

/** Which stacks (leaf first) a finding of this rule explains, by the same evidence. */
export function isEnteringKernel(evidence: Evidence): (stack: readonly Frame[]) => boolean {
  const cpu = cpuProfileOf(evidence);
  const stacks = cpu === null ? null : kernelStacks(cpu, sampledKernelShare(evidence) ?? 0);
  return stacks?.isOne ?? (() => false);
}
