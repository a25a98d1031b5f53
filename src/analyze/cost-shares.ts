/** Questions that rules ask of a profile: how much of the cost goes through a class of frames, and who asked for it. Pure. */
import type { Share } from '../units.ts';
import type { Subject } from './finding.ts';
import type { Frame, FrameClass, Profile } from './profile/profile.ts';

/** Index of the first of the value types that the profile has; its default one where it has none of them. */
export function valueIndexOf(profile: Profile, ...types: readonly string[]): number {
  for (const type of types) {
    const index = profile.valueTypes.findIndex((valueType) => valueType.type === type);
    if (index >= 0) return index;
  }
  return profile.defaultValueIndex;
}

/** Sum of all samples but the idle ones. */
export function busyTotal(profile: Profile, valueIndex: number): number {
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (!isIdle(profile, sample)) total += valueAt(profile, valueIndex, sample);
  }
  return total;
}

/** The cost of all samples that have some kind of frame in their stack, once a sample, and who caused it. */
export interface FrameCost {
  /** Of the total without idle samples, 0 to 1. */
  readonly share: Share;
  /** The application's (else a library's) function nearest to those frames that caused most; null where there is none. */
  readonly subject: Subject | null;
  /** What that function caused, of the same total. */
  readonly subjectShare: Share;
}

/**
 * The cost through frames of some classes, as far as the application asked for it: only frames between a stack's leaf and
 * its first application frame count. What lies beyond called the application (`node:dgram` hands over each datagram).
 *
 * @returns null where the profile has no cost at all
 */
export function classCost(
  profile: Profile,
  valueIndex: number,
  classes: readonly FrameClass[],
): FrameCost | null {
  return costThrough(profile, valueIndex, function findClass(stack) {
    const application = stack.findIndex((frame) => frame.class === 'application');
    const position = stack.findIndex((frame) => classes.includes(frame.class));
    return application >= 0 && position > application ? -1 : position;
  });
}

/**
 * The cost of native functions that the application calls itself: leaves without a file, right below a frame that has
 * one. JavaScript enters the kernel through them only, whatever name a binding gives them.
 *
 * @returns null where the profile has no cost at all
 */
export function nativeCallCost(profile: Profile, valueIndex: number): FrameCost | null {
  return costThrough(profile, valueIndex, function findNativeLeaf([leaf, caller]) {
    const isNative = leaf !== undefined && leaf.file === '' && leaf.class !== 'gc';
    return isNative && caller !== undefined && caller.file !== '' ? 0 : -1;
  });
}

/** @param find - position of the frame in a stack (leaf first) that makes its sample count; below 0: none */
function costThrough(
  profile: Profile,
  valueIndex: number,
  find: (stack: readonly Frame[]) => number,
): FrameCost | null {
  const total = busyTotal(profile, valueIndex);
  if (total <= 0) return null;
  let through = 0;
  const charged = new Map<string, { frame: Frame; value: number }>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = stackOf(profile, sample);
    const position = find(stack);
    if (position < 0) continue;
    const value = valueAt(profile, valueIndex, sample);
    through += value;
    const caller = callerIn(stack.slice(position));
    if (caller !== undefined) charge(charged, caller, value);
  }
  let costliest: { frame: Frame; value: number } | null = null;
  for (const entry of charged.values()) {
    if (costliest === null || entry.value > costliest.value) costliest = entry;
  }
  return {
    share: through / total,
    subject: costliest === null ? null : subjectOf(costliest.frame),
    subjectShare: costliest === null ? 0 : costliest.value / total,
  };
}

/**
 * Costs by function: the application frame nearest to the leaf, else the nearest of a library; what has neither is left
 * out. Costliest first.
 */
export function chargedFunctions(
  profile: Profile,
  valueIndex: number,
): readonly { readonly subject: Subject; readonly value: number; readonly share: Share }[] {
  const total = busyTotal(profile, valueIndex);
  const charged = new Map<string, { frame: Frame; value: number }>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const caller = callerIn(stackOf(profile, sample));
    if (caller !== undefined) charge(charged, caller, valueAt(profile, valueIndex, sample));
  }
  return [...charged.values()]
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
    .map(({ frame, value }) => ({ subject: subjectOf(frame), value, share: value / total }));
}

/** Whether two subjects are one function. */
export function isSameSubject(a: Subject | null, b: Subject | null): boolean {
  return a !== null && b !== null && a.function === b.function && a.file === b.file;
}

function charge(charged: Map<string, { frame: Frame; value: number }>, frame: Frame, value: number): void {
  const key = `${frame.functionName}\0${frame.file}`;
  const entry = charged.get(key);
  if (entry === undefined) charged.set(key, { frame, value });
  else entry.value += value;
}

function subjectOf(frame: Frame): Subject {
  return {
    function: frame.functionName,
    file: frame.file === '' ? null : frame.file,
    line: frame.line === 0 ? null : frame.line,
  };
}

function stackOf(profile: Profile, sample: number): Frame[] {
  const start = profile.stackStart[sample] as number;
  const end = profile.stackStart[sample + 1] as number;
  const stack: Frame[] = [];
  for (let at = start; at < end; at++) stack.push(profile.frames[profile.stackFrames[at] as number] as Frame);
  return stack;
}

/** Leaf first. A tracker that is itself a library still has names. */
function callerIn(stack: readonly Frame[]): Frame | undefined {
  return (
    stack.find((frame) => frame.class === 'application') ?? stack.find((frame) => frame.class === 'library')
  );
}

/** Whether a sample's leaf does nothing. */
export function isIdle(profile: Profile, sample: number): boolean {
  const leaf = profile.stackFrames[profile.stackStart[sample] as number];
  return leaf !== undefined && profile.frames[leaf]?.class === 'idle';
}

/** The value of one sample. */
export function valueAt(profile: Profile, valueIndex: number, sample: number): number {
  return profile.values[valueIndex]?.[sample] ?? 0;
}

/** What @datadog/pprof calls the CPU time of threads that run no JavaScript. */
const BESIDE = 'Non JS threads activity';

/**
 * How often a profiler saw the program at work: samples of idle time and of other threads are left out. From the value
 * type `sample` or `samples`; null where the profile has none.
 */
export function busySampleCount(profile: Profile): number | null {
  const index = profile.valueTypes.findIndex(({ type }) => type === 'sample' || type === 'samples');
  if (index < 0) return null;
  let count = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample) || stackOf(profile, sample)[0]?.functionName === BESIDE) continue;
    count += valueAt(profile, index, sample);
  }
  return count;
}
