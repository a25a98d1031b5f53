/**
 * The table that a reader can act on: every sample charged to the function of the application that caused it.
 *
 * A sample is charged to the application frame nearest to its leaf. Where its stack has none:
 *
 * 1. to the nearest frame of a library, so that a tracker which is itself a library still has names; but where this
 *    package's own sockets called an addon, to the function of theirs that asked for the call: with nobody else's code on
 *    the stack they are the program's own, and the binding (`sendmmsg`) is but the leaf through which the cost came
 * 2. else collecting garbage, idling and V8's pseudo-functions (`(program)`, `Non JS threads activity`) get rows of
 *    their own, under the name in the stack
 * 3. else a native call (class `syscall` or `lock` at the leaf, such as `send` from the event loop) is a row of its name
 * 4. else it is `(kernel)` where the whole stack is the kernel's, and `(runtime)` otherwise: the event loop, `node:`
 *    internals and the scheduler alone
 *
 * The leaf through which a cost came is named by the nearest function that has a file where the leaf is an addon's.
 * Frames of the lab's own preload are a row `(lab agent)`: they are in the profile and not the tracker's fault.
 */
import { isLabAgentFile, isOwnBinding, isOwnPlumbing, NATIVE_ADDON } from './frame-classes.ts';
import type { ChargedRow, Frame, FrameClass, Profile, TopTable } from './profile.ts';
import { valueTypeIndex } from './value-type-index.ts';

export interface ChargedTableOptions {
  /** For example `cpu`. Default: the profile's own default. */
  readonly valueType?: string;
  /** Most rows; 0: all. Default 10. */
  readonly count?: number;
}

const DEFAULT_COUNT = 10;
/** V8's names for what is no function; @datadog/pprof's for the CPU time of threads that run no JavaScript. */
const pseudoFunction = /^(?:\(program\)|\(V8 API\)|\(external\)|Non JS threads activity)$/;

/** Cost gathered under one row. */
interface Charge {
  readonly functionName: string;
  readonly file: string;
  readonly class: FrameClass;
  value: number;
  readonly valueByLine: Map<number, number>;
  readonly valueByLeaf: Map<string, number>;
}

/**
 * The costliest functions of the application, with what each causes below it. Values of all rows add up to the sum of
 * all samples that have a stack.
 *
 * @throws LabError `UNKNOWN_VALUE_TYPE`
 */
export function chargedTable(profile: Profile, options: ChargedTableOptions = {}): TopTable<ChargedRow> {
  const valueIndex = valueTypeIndex(profile, options.valueType);
  const values = profile.values[valueIndex] ?? new Float64Array(profile.sampleCount);
  const charges = new Map<string, Charge>();
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const value = values[sample] as number;
    if (value === 0) continue;
    total += Math.abs(value);
    chargeSample(charges, profile, sample, value);
  }

  const sorted = [...charges.values()].sort(compareCharges);
  const count = options.count ?? DEFAULT_COUNT;
  const shown = count > 0 ? sorted.slice(0, count) : sorted;
  return {
    valueType: profile.valueTypes[valueIndex] ?? { type: '', unit: '' },
    total,
    durationNs: profile.durationNs,
    rows: shown.map((charge) => toRow(charge, total)),
    omittedRows: sorted.length - shown.length,
  };
}

function chargeSample(charges: Map<string, Charge>, profile: Profile, sample: number, value: number): void {
  const { frames, stackFrames } = profile;
  const start = profile.stackStart[sample] as number;
  const end = profile.stackStart[sample + 1] as number;
  const leaf = frames[stackFrames[start] as number];
  if (start === end || leaf === undefined) return;
  const at = chargedPosition(profile, start, end);
  const frame = frames[stackFrames[at] as number] as Frame;
  const row = rowOf(profile, frame, start, end);
  const key = `${row.functionName}\0${row.file}`;
  let charge = charges.get(key);
  if (charge === undefined) {
    charge = { ...row, value: 0, valueByLine: new Map(), valueByLeaf: new Map() };
    charges.set(key, charge);
  }
  charge.value += value;
  const isNamed = row.functionName === frame.functionName;
  if (isNamed) add(charge.valueByLine, frame.line, value);
  const isSelf = isNamed && leaf.functionName === frame.functionName && leaf.file === frame.file;
  add(charge.valueByLeaf, isSelf ? 'self' : leafName(profile, start, at), value);
}

/** V8 gives all calls into addons one name: who made the call says more, unless that is the charged function itself. */
function leafName({ frames, stackFrames }: Profile, start: number, chargedAt: number): string {
  const leaf = frames[stackFrames[start] as number] as Frame;
  const caller = frames[stackFrames[start + 1] as number];
  const isNamed = leaf.functionName === NATIVE_ADDON && start + 1 < chargedAt && caller !== undefined;
  return isNamed ? caller.functionName : leaf.functionName;
}

/** The row to which a sample is charged; null for a sample without a stack. */
export function chargedTo(
  profile: Profile,
  sample: number,
): Pick<ChargedRow, 'functionName' | 'file'> | null {
  const start = profile.stackStart[sample] as number;
  const end = profile.stackStart[sample + 1] as number;
  if (start === end) return null;
  const frame = profile.frames[profile.stackFrames[chargedPosition(profile, start, end)] as number] as Frame;
  return rowOf(profile, frame, start, end);
}

/** Where in `stackFrames` the frame stands that pays for a stack. */
function chargedPosition({ frames, stackFrames }: Profile, start: number, end: number): number {
  let library = -1;
  let special = -1;
  for (let at = start; at < end; at++) {
    const frame = frames[stackFrames[at] as number] as Frame;
    if (frame.class === 'application') return at;
    // Of an addon's calls the lab's own sockets are the name that tells.
    if (library < 0 && frame.class === 'library' && !isAddonBelowPlumbing(frames, stackFrames, at, end)) {
      library = at;
    }
    if (library < 0 && isPlumbing(frame) && !isOwnBinding(frame.file)) library = at;
    // The outermost one: `runtime.gcBgMarkWorker` says more than the many helpers below it.
    if (standsForItself(frame)) special = at;
  }
  if (special >= 0 && (library < 0 || special > library)) return special;
  return library >= 0 ? library : start;
}

/** A function of this package's own sockets: of class `network`, with a file of its own. */
function isPlumbing(frame: Frame): boolean {
  return frame.class === 'network' && isOwnPlumbing(frame.file);
}

function isAddonBelowPlumbing(
  frames: readonly Frame[],
  stackFrames: Uint32Array,
  at: number,
  end: number,
): boolean {
  if (frames[stackFrames[at] as number]?.functionName !== NATIVE_ADDON || at + 1 >= end) return false;
  const caller = frames[stackFrames[at + 1] as number];
  return caller !== undefined && isPlumbing(caller);
}

function standsForItself(frame: Frame): boolean {
  return (
    frame.class === 'gc' ||
    frame.class === 'idle' ||
    isLabAgentFile(frame.file) ||
    (frame.file === '' && pseudoFunction.test(frame.functionName))
  );
}

function rowOf(
  { frames, stackFrames }: Profile,
  frame: Frame,
  start: number,
  end: number,
): Pick<Charge, 'functionName' | 'file' | 'class'> {
  if (isLabAgentFile(frame.file)) return { functionName: '(lab agent)', file: '', class: 'runtime' };
  if (isPlumbing(frame)) {
    return { functionName: frame.functionName, file: frame.file, class: 'application' };
  }
  const hasName = frame.class === 'application' || frame.class === 'library';
  if (hasName || standsForItself(frame)) {
    return { functionName: frame.functionName, file: frame.file, class: frame.class };
  }
  // Here `frame` is the leaf.
  const isNativeCall = frame.class === 'syscall' || frame.class === 'lock';
  if (isNativeCall && frame.runtime !== 'kernel') {
    return { functionName: frame.functionName, file: frame.file, class: frame.class };
  }
  for (let at = start; at < end; at++) {
    if (frames[stackFrames[at] as number]?.runtime !== 'kernel') {
      return { functionName: '(runtime)', file: '', class: 'runtime' };
    }
  }
  return { functionName: '(kernel)', file: '', class: 'syscall' };
}

function toRow(charge: Charge, total: number): ChargedRow {
  const via = [...charge.valueByLeaf]
    .sort(compareEntries)
    .map(([functionName, value]) => ({ functionName, percent: percentOf(value, charge.value) }));
  const [costliestLine] = [...charge.valueByLine].sort(compareEntries);
  return {
    functionName: charge.functionName,
    file: charge.file,
    line: costliestLine?.[0] ?? 0,
    class: charge.class,
    value: charge.value,
    percent: percentOf(charge.value, total),
    via,
  };
}

function percentOf(value: number, total: number): number {
  return total === 0 ? 0 : (value / total) * 100;
}

function add<Key>(sums: Map<Key, number>, key: Key, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function compareCharges(left: Charge, right: Charge): number {
  return (
    Math.abs(right.value) - Math.abs(left.value) ||
    compareTexts(left.functionName, right.functionName) ||
    compareTexts(left.file, right.file)
  );
}

function compareEntries(
  left: readonly [string | number, number],
  right: readonly [string | number, number],
): number {
  return Math.abs(right[1]) - Math.abs(left[1]) || compareTexts(String(left[0]), String(right[0]));
}

function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
