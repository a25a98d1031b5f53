import type { ProfileKind } from '../../../run.ts';

/** One profile of a Go program and the handler that gives it. */
interface GoProfile {
  readonly kind: ProfileKind;
  /** Below `/debug/pprof/`. */
  readonly handler: string;
  /** What is kept of the handler's value types, the one that is shown first last. */
  readonly types: readonly string[];
}

/**
 * Both heap profiles come from one handler, once at each end of the phase: Go's `allocs` and `heap` are the same records
 * with another default. `gc=1` runs a collection first, because Go counts an allocation only when the collection after it
 * is over; without it an idle or small program's figures are minutes old. Only `heap` takes that parameter.
 */
export const HEAP_HANDLER = 'heap?gc=1';

/** Counters since the program's start: the phase is the difference of two snapshots. */
export const countedProfiles: readonly GoProfile[] = [
  { kind: 'allocations', handler: HEAP_HANDLER, types: ['alloc_objects', 'alloc_space'] },
  { kind: 'mutex', handler: 'mutex', types: ['contentions', 'delay'] },
  { kind: 'block', handler: 'block', types: ['contentions', 'delay'] },
];

/** What rises and falls: the phase is the difference of two snapshots, stack by stack, below 0 where it fell. */
export const levelProfiles: readonly GoProfile[] = [
  { kind: 'heap-growth', handler: HEAP_HANDLER, types: ['inuse_objects', 'inuse_space'] },
];

/** What is there at the end of the phase, whenever it came. */
export const momentProfiles: readonly GoProfile[] = [
  { kind: 'live-heap', handler: HEAP_HANDLER, types: ['inuse_objects', 'inuse_space'] },
  { kind: 'goroutine', handler: 'goroutine', types: ['goroutine'] },
];

/**
 * Why a profile that the endpoint gave holds no sample.
 *
 * @param mutexText - the answer of `mutex?debug=1`, the only place where Go tells its mutex fraction; null: not known
 * @param period - of the profile; for the heap it is runtime.MemProfileRate
 */
export function emptyReason(kind: ProfileKind, period: number, mutexText: string | null): string {
  switch (kind) {
    case 'cpu':
      return 'it holds no sample: the program used less CPU time than the 10 ms between two samples';
    case 'mutex':
      return emptyMutexReason(mutexText);
    case 'block':
      return 'it holds no sample over the phase, though the profiler itself blocked: no block rate set (runtime.SetBlockProfileRate)';
    case 'goroutine':
      return 'it holds no goroutine';
    case 'heap-growth':
      return period > 0
        ? 'it holds no sample: no stack holds more or less of the live heap than at the start of the phase'
        : 'it holds no sample: runtime.MemProfileRate is 0';
    case 'live-heap':
      if (period > 0) {
        return `it holds no sample: what was live held none of the samples that Go takes every ${period} bytes`;
      }
      return 'it holds no sample: runtime.MemProfileRate is 0';
    default:
      return period === 0
        ? 'it holds no sample: runtime.MemProfileRate is 0'
        : `it holds no sample: less was allocated than the ${period} bytes between two samples`;
  }
}

function emptyMutexReason(mutexText: string | null): string {
  const fraction = /^sampling period=(\d+)$/m.exec(mutexText ?? '')?.[1];
  const advice = 'runtime.SetMutexProfileFraction';
  if (fraction === undefined) {
    return `it holds no sample over the phase: no mutex fraction set (${advice}), or no goroutine waited for a mutex`;
  }
  return fraction === '0'
    ? `it holds no sample over the phase: no mutex fraction set (${advice})`
    : `it holds no sample over the phase: no goroutine waited for a mutex (one in ${fraction} contentions is sampled)`;
}
