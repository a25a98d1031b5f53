/** Questions that rules ask of a profile: how much of the cost goes through a class of frames, and who asked for it. Pure. */
import type { Share } from '../units.ts';
import type { Subject } from './finding.ts';
import { NATIVE_ADDON } from './profile/frame-classes.ts';
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
  /** The functions at the leaves of what it caused, costliest first. */
  readonly through: readonly Leaf[];
}

/** A function at the leaf of stacks that are charged to another. */
interface Leaf {
  readonly function: string;
  /** Of what is charged to that other, 0 to 1. */
  readonly share: Share;
}

/** Cost that is charged to one function, with the leaves through which it came. */
interface Charge {
  readonly frame: Frame;
  value: number;
  readonly byLeaf: Map<string, number>;
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
    return classPosition(stack, classes);
  });
}

/** Where in a stack (leaf first) a frame of some classes is that no application frame called from beyond; below 0: nowhere. */
export function classPosition(stack: readonly Frame[], classes: readonly FrameClass[]): number {
  for (const [position, frame] of stack.entries()) {
    if (classes.includes(frame.class)) return position;
    if (frame.class === 'application') return -1;
  }
  return -1;
}

/**
 * The cost of native functions that the application calls itself: leaves without a file, right below a frame that has
 * one. JavaScript enters the kernel through them only, whatever name a binding gives them.
 *
 * @returns null where the profile has no cost at all
 */
export function nativeCallCost(profile: Profile, valueIndex: number): FrameCost | null {
  return costThrough(profile, valueIndex, function findNativeLeaf(stack) {
    return isNativeCall(stack) ? 0 : -1;
  });
}

/** Whether a stack (leaf first) ends in a native function that code with a file called. */
export function isNativeCall([leaf, caller]: readonly Frame[]): boolean {
  const isNative = leaf !== undefined && leaf.file === '' && leaf.class !== 'gc';
  return isNative && caller !== undefined && caller.file !== '';
}

/**
 * The cost of the stacks in which a frame is found, and who caused it.
 *
 * @param find - position of the frame in a stack (leaf first) that makes its sample count; below 0: none
 * @returns null where the profile has no cost at all
 */
export function costThrough(
  profile: Profile,
  valueIndex: number,
  find: (stack: readonly Frame[]) => number,
): FrameCost | null {
  const total = busyTotal(profile, valueIndex);
  if (total <= 0) return null;
  let through = 0;
  const charged = new Map<string, Charge>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = stackOf(profile, sample);
    const position = find(stack);
    if (position < 0) continue;
    const value = valueAt(profile, valueIndex, sample);
    through += value;
    const caller = callerIn(stack.slice(position));
    if (caller !== undefined) charge(charged, caller, stack, value);
  }
  const costliest = costliestFirst(charged)[0];
  return {
    share: through / total,
    subject: costliest === undefined ? null : subjectOf(costliest.frame),
    subjectShare: costliest === undefined ? 0 : costliest.value / total,
    through: costliest === undefined ? [] : leavesOf(costliest),
  };
}

/** A function with all that it caused outside of other functions of the application. */
export interface ChargedFunction {
  readonly subject: Subject;
  readonly value: number;
  readonly share: Share;
  readonly through: readonly Leaf[];
}

/**
 * Costs by function: the application frame nearest to the leaf, else the nearest of a library; what has neither is left
 * out. Costliest first.
 *
 * @param isCounted - of the stacks (leaf first) that are charged; the shares are of all. Absent: every one
 */
export function chargedFunctions(
  profile: Profile,
  valueIndex: number,
  isCounted?: (stack: readonly Frame[]) => boolean,
): readonly ChargedFunction[] {
  const total = busyTotal(profile, valueIndex);
  const charged = new Map<string, Charge>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = stackOf(profile, sample);
    const caller = callerIn(stack);
    if (caller === undefined || isCounted?.(stack) === false) continue;
    charge(charged, caller, stack, valueAt(profile, valueIndex, sample));
  }
  return costliestFirst(charged).map((one) => ({
    subject: subjectOf(one.frame),
    value: one.value,
    share: one.value / total,
    through: leavesOf(one),
  }));
}

/** Equal costs by name, so that the order of a profile's samples decides nothing. */
function costliestFirst(charged: ReadonlyMap<string, Charge>): Charge[] {
  return [...charged]
    .filter(([, { value }]) => value > 0)
    .sort(([a, left], [b, right]) => right.value - left.value || (a < b ? -1 : 1))
    .map(([, one]) => one);
}

function leavesOf({ byLeaf, value }: Charge): Leaf[] {
  return [...byLeaf]
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([name, cost]) => ({ function: name, share: cost / value }));
}

/** Whether two subjects are one function. */
export function isSameSubject(a: Subject | null, b: Subject | null): boolean {
  return a !== null && b !== null && a.function === b.function && a.file === b.file;
}

function charge(
  charged: Map<string, Charge>,
  frame: Frame,
  [leaf, above]: readonly Frame[],
  value: number,
): void {
  const key = `${frame.functionName}\0${frame.file}`;
  let entry = charged.get(key);
  if (entry === undefined) {
    entry = { frame, value: 0, byLeaf: new Map() };
    charged.set(key, entry);
  }
  entry.value += value;
  // V8 gives all addons one name, so who called one says more.
  const named = leaf?.functionName === NATIVE_ADDON ? (above ?? leaf) : leaf;
  const isItself = named?.functionName === frame.functionName && named.file === frame.file;
  const name = isItself ? ITSELF : (named?.functionName ?? '');
  entry.byLeaf.set(name, (entry.byLeaf.get(name) ?? 0) + value);
}

/** What stands among the leaves for the charged function's own code. */
export const ITSELF = 'itself';

function subjectOf(frame: Frame): Subject {
  return {
    function: frame.functionName,
    file: frame.file === '' ? null : frame.file,
    line: frame.line === 0 ? null : frame.line,
  };
}

/** The frames of one sample, leaf first. */
export function stackOf(profile: Profile, sample: number): Frame[] {
  const start = profile.stackStart[sample] as number;
  const end = profile.stackStart[sample + 1] as number;
  const stack: Frame[] = [];
  for (let at = start; at < end; at++) stack.push(profile.frames[profile.stackFrames[at] as number] as Frame);
  return stack;
}

/** Leaf first. A tracker that is itself a library still has names; V8's name for all addons is none. */
export function callerIn(stack: readonly Frame[]): Frame | undefined {
  return (
    stack.find((frame) => frame.class === 'application') ??
    stack.find((frame) => frame.class === 'library' && frame.functionName !== NATIVE_ADDON)
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
