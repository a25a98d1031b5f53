/** Which kind of lock most of the waiting is for, by the names of each runtime. Pure. */
import { callerIn, isIdle, stackOf, valueAt, valueIndexOf } from './cost-shares.ts';
import { cpuProfileOf, type Evidence, profileOf } from './evidence.ts';
import type { Frame } from './profile/profile.ts';
import { EXPLAINING_SHARE } from './thresholds.ts';

type LockKind = 'mutex' | 'rwmutex' | 'spin lock' | 'socket' | 'allocator' | 'Atomics.wait';

/** In the order in which a stack is looked through: a lock of the allocator is a mutex, too. */
const kinds: readonly (readonly [LockKind, RegExp])[] = [
  [
    'allocator',
    /^(?:__libc_|__GI___libc_|_int_|je_|mi_|tc_)?(?:m|c|re)?alloc$|^(?:_int_|__libc_)?free$|^arena_get/,
  ],
  ['socket', /^internal\/poll\.\(\*(?:FD|fdMutex)\)\.|^(?:__)?lock_sock/],
  ['rwmutex', /(?:^|\/)sync\.\(\*RWMutex\)\.|pthread_rwlock/],
  ['spin lock', /pthread_spin|(?:^|_)spin_?lock(?!.*slowpath)|parking_lot_core.*spin/i],
  ['mutex', /(?:^|\/)sync\.\(\*Mutex\)\.|pthread_mutex|__lll_lock|std::mutex|Mutex/],
  ['Atomics.wait', /^(?:Atomics\.)?wait(?:Async)?$/],
];

/** Null where no kind has the greater part of the stacks that wait. */
export function lockKind(evidence: Evidence): LockKind | null {
  const loaded = profileOf(evidence, 'mutex') ?? profileOf(evidence, 'block') ?? cpuProfileOf(evidence);
  if (loaded === null) return null;
  const { profile } = loaded;
  const valueIndex = valueIndexOf(profile, 'delay', 'wall', 'cpu');
  const sums = new Map<LockKind, number>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = stackOf(profile, sample);
    const kind = kindOf(belowCaller(stack));
    if (kind !== null) sums.set(kind, (sums.get(kind) ?? 0) + valueAt(profile, valueIndex, sample));
  }
  const all = [...sums.values()].reduce((sum, value) => sum + value, 0);
  const [most] = [...sums].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
  return most === undefined || most[1] <= 0 || most[1] < EXPLAINING_SHARE * all ? null : most[0];
}

function belowCaller(stack: readonly Frame[]): readonly Frame[] {
  const caller = callerIn(stack);
  return caller === undefined ? stack : stack.slice(0, stack.indexOf(caller));
}

function kindOf(stack: readonly Frame[]): LockKind | null {
  if (!stack.some((frame) => isLock(frame))) return null;
  return kinds.find(([, pattern]) => stack.some((frame) => pattern.test(frame.functionName)))?.[0] ?? null;
}

/** The class tells it in profiles of CPU; those of delays hold nothing else. */
function isLock({ class: frameClass, functionName }: Frame): boolean {
  return frameClass === 'lock' || kinds.slice(1).some(([, pattern]) => pattern.test(functionName));
}
