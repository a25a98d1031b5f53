/** Who allocated what a program came to keep. Pure. */
import { callerIn, chargedFunctions, stackOf, valueAt, valueIndexOf } from './cost-shares.ts';
import { type Evidence, profileOf } from './evidence.ts';
import type { Subject } from './finding.ts';
import { isLabAgentFile } from './profile/frame-classes.ts';
import type { Frame } from './profile/profile.ts';
import { NOTABLE_COST_SHARE } from './thresholds.ts';

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

/**
 * Functions of the application that a function calls and that V8 may have inlined: its heap profiler names the outer one
 * only. By the CPU profile, which sees both, costliest first; those that the heap profile itself names are left out.
 */
export function inlinedCallees(evidence: Evidence, subject: Subject): readonly string[] {
  const cpu = profileOf(evidence, 'cpu');
  const heap = profileOf(evidence, 'heap-growth') ?? profileOf(evidence, 'live-heap');
  if (cpu === null || heap === null) return [];
  const isSubject = ({ functionName, file }: Frame): boolean =>
    functionName === subject.function && file === (subject.file ?? '');
  const { profile } = cpu;
  const valueIndex = valueIndexOf(profile, 'cpu');
  const known = new Set(
    chargedFunctions(heap.profile, valueIndexOf(heap.profile, 'inuse_space'))
      .filter(({ share }) => share >= NOTABLE_COST_SHARE)
      .map((one) => one.subject.function),
  );
  return chargedFunctions(profile, valueIndex, (stack) => stack.some(isSubject))
    .map((one) => one.subject.function)
    .filter((name) => name !== subject.function && !known.has(name));
}

const bufferLeaf =
  /^(?:ArrayBuffer|SharedArrayBuffer|(?:Big)?U?[Ii]nt\d+(?:Clamped)?Array|Float\d+Array|FastBuffer|Buffer|alloc(?:Unsafe(?:Slow)?)?|createUnsafe(?:Array)?Buffer|createPool|allocate|from|concat)$/;

/**
 * Who makes most buffers: their bytes lie outside of the heap, where no profiler of V8 sees them, but each has an object in
 * it that the profile of allocations counts. Null where no stack makes one.
 */
export function topBufferMaker(
  evidence: Evidence,
): { readonly subject: Subject; readonly share: number; readonly source: string } | null {
  const loaded = profileOf(evidence, 'allocations');
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const valueIndex = valueIndexOf(profile, 'alloc_objects', 'alloc_space');
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = stackOf(profile, sample);
    if (isMakingBuffer(stack)) total += valueAt(profile, valueIndex, sample);
  }
  const top = chargedFunctions(profile, valueIndex, isMakingBuffer)[0];
  if (top === undefined || total <= 0) return null;
  return { subject: top.subject, share: top.value / total, source: record.file };
}

function isMakingBuffer(stack: Parameters<typeof callerIn>[0]): boolean {
  const caller = callerIn(stack);
  if (caller === undefined) return false;
  return stack.slice(0, stack.indexOf(caller)).some((frame) => bufferLeaf.test(frame.functionName));
}
