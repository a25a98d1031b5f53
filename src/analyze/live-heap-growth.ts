/** Who allocated what a program came to keep. Pure. */
import type { Bytes, Share } from '../units.ts';
import { callerIn, chargedFunctions, isSameSubject, stackOf, valueAt, valueIndexOf } from './cost-shares.ts';
import { type Evidence, profileOf } from './evidence.ts';
import type { Subject } from './finding.ts';
import { isLabAgentFile } from './profile/frame-classes.ts';
import type { Frame, Profile } from './profile/profile.ts';
import { KEEPER_SHARE, LEAST_KEEPER_SAMPLES, NOTABLE_COST_SHARE } from './thresholds.ts';

/** The function that allocated most of what was kept. */
export interface Keeper {
  readonly subject: Subject;
  /** Bytes that it came to keep over the phase; where no profile tells that, all that it kept. */
  readonly bytes: number;
  /** Of the same of all functions, 0 to 1. */
  readonly share: number;
  /** By what the live heap gained; false: by what was in it. */
  readonly isGrowth: boolean;
  readonly source: string;
}

/**
 * By what the live heap gained over the phase where there is such a profile, else by what is kept. Null where there is
 * neither, and where no function of the program has a notable part: most came of the runtime without one on the stack.
 */
export function topKeeper(evidence: Evidence): Keeper | null {
  const growth = profileOf(evidence, 'heap-growth');
  const loaded = growth ?? profileOf(evidence, 'live-heap');
  if (loaded === null) return null;
  const { profile } = loaded;
  const valueIndex = valueIndexOf(profile, 'inuse_space');
  const [top] = chargedFunctions(profile, valueIndex);
  if (top === undefined) return null;
  let all = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (!isBesideHeap(stackOf(profile, sample))) all += Math.max(0, valueAt(profile, valueIndex, sample));
  }
  if (top.value / all < NOTABLE_COST_SHARE) return null;
  return {
    subject: top.subject,
    bytes: top.value,
    share: top.value / all,
    isGrowth: growth !== null,
    source: loaded.record.file,
  };
}

/** The lab's own agent, and memory that is off the heap and has a rule of its own. */
function isBesideHeap(stack: readonly Frame[]): boolean {
  return stack.some(({ file, functionName }) => functionName === '(external)' || isLabAgentFile(file));
}

/** What is known of the functions that V8 may have inlined into another. */
export interface InlinedKeeper {
  /** Names of the functions that it calls and that V8 may have inlined, costliest by CPU first. */
  readonly callees: readonly string[];
  /** The one of them that kept most while V8 had not inlined it; null where none can be told. */
  readonly keeper: { readonly subject: Subject; readonly bytes: Bytes; readonly source: string } | null;
}

/**
 * Functions of the application that a function calls and that V8 may have inlined into it: its heap profiler books what they
 * allocate on the outer one, and keeps no position within. By the CPU profile, which sees both; those that the heap profile
 * itself names are left out.
 *
 * Before V8 optimised the outer one, each stood under its own name: the live heap is profiled from the program's start on, so
 * that who of them keeps is seen there.
 */
export function inlinedKeeper(evidence: Evidence, subject: Subject): InlinedKeeper {
  const cpu = profileOf(evidence, 'cpu');
  const heap = profileOf(evidence, 'heap-growth') ?? profileOf(evidence, 'live-heap');
  if (cpu === null || heap === null) return { callees: [], keeper: null };
  const named = chargedFunctions(heap.profile, valueIndexOf(heap.profile, 'inuse_space')).filter(
    ({ share }) => share >= NOTABLE_COST_SHARE,
  );
  const callees = chargedFunctions(cpu.profile, valueIndexOf(cpu.profile, 'cpu'), (stack) =>
    stack.some((frame) => isFunction(frame, subject)),
  )
    .map((one) => one.subject)
    .filter(
      (callee) => ![subject, ...named.map((one) => one.subject)].some((one) => isSameSubject(one, callee)),
    );
  return {
    callees: callees.map((callee) => callee.function),
    keeper: keeperAmong(evidence, subject, callees),
  };
}

function keeperAmong(
  evidence: Evidence,
  subject: Subject,
  callees: readonly Subject[],
): InlinedKeeper['keeper'] {
  const loaded = profileOf(evidence, 'live-heap');
  const intervalBytes = loaded?.record.interval?.value ?? 0;
  if (loaded === null || intervalBytes <= 0) return null;
  const { profile, record } = loaded;
  const valueIndex = valueIndexOf(profile, 'inuse_space');
  const kept = chargedFunctions(profile, valueIndex).filter((one) =>
    callees.some((callee) => isSameSubject(callee, one.subject)),
  );
  const [top] = kept;
  const all = kept.reduce((sum, { value }) => sum + value, 0);
  if (top === undefined || top.value < LEAST_KEEPER_SAMPLES * intervalBytes) return null;
  if (top.value < KEEPER_SHARE * all) return null;
  if (ownBeforeInlining(profile, valueIndex, subject) >= top.value) return null;
  return { subject: top.subject, bytes: top.value, source: record.file };
}

/**
 * What a function kept by its own code while nothing was inlined: of its stacks those with most callers, since V8 inlines
 * it into them, too.
 */
function ownBeforeInlining(profile: Profile, valueIndex: number, subject: Subject): Bytes {
  let callers = 0;
  let bytes = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = stackOf(profile, sample);
    const position = stack.findIndex((frame) => isFunction(frame, subject));
    const above = stack.length - position;
    if (position < 0 || above < callers) continue;
    if (above > callers) bytes = 0;
    callers = above;
    if (callerIn(stack) === stack[position]) bytes += valueAt(profile, valueIndex, sample);
  }
  return bytes;
}

function isFunction({ functionName, file }: Frame, subject: Subject): boolean {
  return functionName === subject.function && file === (subject.file ?? '');
}

const bufferLeaf =
  /^(?:ArrayBuffer|SharedArrayBuffer|(?:Big)?U?[Ii]nt\d+(?:Clamped)?Array|Float\d+Array|FastBuffer|Buffer|alloc(?:Unsafe(?:Slow)?)?|createUnsafe(?:Array)?Buffer|createPool|allocate|from|concat)$/;

/** Who makes buffers: their bytes lie outside of the heap, but each has an object in it that profiles of the heap count. */
export interface BufferMaker {
  readonly subject: Subject;
  /** Of the buffers that all functions make, 0 to 1. */
  readonly share: Share;
  /** By the buffers that are kept; false: by all that were made. */
  readonly isKept: boolean;
  readonly source: string;
}

/**
 * The function that makes most of the buffers that are kept, where the profiles of the live heap show enough of them (V8 names it
 * as long as it is not inlined), else most of all. Null where no stack makes one.
 */
export function topBufferMaker(evidence: Evidence): BufferMaker | null {
  for (const kind of ['heap-growth', 'live-heap', 'allocations'] as const) {
    const loaded = profileOf(evidence, kind);
    if (loaded === null) continue;
    const { profile, record } = loaded;
    const isKept = kind !== 'allocations';
    const valueIndex = isKept
      ? valueIndexOf(profile, 'inuse_space')
      : valueIndexOf(profile, 'alloc_objects', 'alloc_space');
    const makers = chargedFunctions(profile, valueIndex, isMakingBuffer);
    const [top] = makers;
    if (top === undefined) continue;
    if (isKept && top.value < LEAST_KEEPER_SAMPLES * (record.interval?.value ?? Number.POSITIVE_INFINITY))
      continue;
    const all = makers.reduce((sum, { value }) => sum + value, 0);
    return { subject: top.subject, share: top.value / all, isKept, source: record.file };
  }
  return null;
}

/**
 * Whether a function that keeps most on the heap may keep buffers by it: it is seen to make some in any profile of the heap, and
 * samples enough saw what is kept.
 */
export function keepsBuffers(evidence: Evidence, subject: Subject): boolean {
  const heap = profileOf(evidence, 'heap-growth') ?? profileOf(evidence, 'live-heap');
  const leastBytes = LEAST_KEEPER_SAMPLES * (heap?.record.interval?.value ?? Number.POSITIVE_INFINITY);
  if ((topKeeper(evidence)?.bytes ?? 0) < leastBytes) return false;
  return (['heap-growth', 'live-heap', 'allocations'] as const).some((kind) => {
    const loaded = profileOf(evidence, kind);
    if (loaded === null) return false;
    const valueIndex = valueIndexOf(loaded.profile, 'inuse_space', 'alloc_space');
    return chargedFunctions(loaded.profile, valueIndex, isMakingBuffer).some((one) =>
      isSameSubject(one.subject, subject),
    );
  });
}

function isMakingBuffer(stack: readonly Frame[]): boolean {
  const caller = callerIn(stack);
  if (caller === undefined) return false;
  return stack.slice(0, stack.indexOf(caller)).some((frame) => bufferLeaf.test(frame.functionName));
}
