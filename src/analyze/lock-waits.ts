/** What a Go program's mutex and block profiles say of waiting for locks. Pure. */
import { chargedFunctions, valueIndexOf } from './cost-shares.ts';
import { type Evidence, type LoadedProfile, profileOf } from './evidence.ts';
import type { Subject } from './finding.ts';
import { toNanoseconds } from './profile/format-measure.ts';
import { keepSamples } from './profile/keep-samples.ts';
import type { Frame, Profile } from './profile/profile.ts';

/** Waiting for locks by one of the two profiles. */
export interface LockDelay {
  /** Of all goroutines together, a second of wall time: 2 means that on average two goroutines were waiting. */
  readonly secondsPerSecond: number;
  /** The function with most of it: in a mutex profile the one that held the lock, in a block profile the one that waited. */
  readonly subject: Subject | null;
  /** Of the delay. */
  readonly subjectShare: number;
  readonly source: string;
}

/** By whom a lock was held: Go books a wait on the stack that unlocks. Null where there is no such profile. */
export function heldDelay(evidence: Evidence): LockDelay | null {
  const loaded = usable(evidence, 'mutex');
  return loaded === null ? null : delayOf(loaded, loaded.profile);
}

/**
 * Who waited for a lock. Of the block profile only waits for a mutex count, that of a socket's senders included: a
 * goroutine that waits on a channel, a condition, a group or for its turn to read a socket is mostly one without work.
 * Null where there is no such profile.
 */
export function waitedDelay(evidence: Evidence): LockDelay | null {
  const loaded = usable(evidence, 'block');
  return loaded === null ? null : delayOf(loaded, keepSamples(loaded.profile, isMutexWait));
}

const mutexMethod = /(?:^|\/)sync\.\(\*(?:RW)?Mutex\)\.|^internal\/poll\.\(\*FD\)\.writeLock$/;

function isMutexWait(stack: readonly Frame[]): boolean {
  return stack.some((frame) => mutexMethod.test(frame.functionName));
}

/** An empty profile that is also told to be missing was not switched on, which is not the same as nothing to tell. */
function usable(evidence: Evidence, kind: 'mutex' | 'block'): LoadedProfile | null {
  const loaded = profileOf(evidence, kind);
  const isMissing = evidence.run.missingProfiles.some((missing) => missing.kind === kind);
  if (loaded === null || loaded.record.durationNs <= 0) return null;
  return loaded.profile.sampleCount === 0 && isMissing ? null : loaded;
}

function delayOf({ record }: LoadedProfile, profile: Profile): LockDelay | null {
  const valueIndex = valueIndexOf(profile, 'delay');
  const total = profile.values[valueIndex]?.reduce((sum, value) => sum + value, 0) ?? 0;
  const delayNs = toNanoseconds(total, profile.valueTypes[valueIndex]?.unit ?? '');
  if (delayNs === null) return null;
  const top = chargedFunctions(profile, valueIndex)[0];
  return {
    secondsPerSecond: delayNs / record.durationNs,
    subject: top?.subject ?? null,
    subjectShare: top?.share ?? 0,
    source: record.file,
  };
}
