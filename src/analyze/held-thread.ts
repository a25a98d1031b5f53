/** Which functions hold the thread that serves the socket, so that nothing is read meanwhile. Pure. */
import type { Share } from '../units.ts';
import { type ChargedFunction, chargedFunctions, isSameSubject, valueIndexOf } from './cost-shares.ts';
import { isDatagramCall } from './datagram-calls.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile, profileOf } from './evidence.ts';
import type { EvidenceLine } from './finding.ts';
import { isBlockingCall } from './off-cpu.ts';
import type { Frame, Profile } from './profile/profile.ts';
import { STALL_CAUSE_SHARE } from './thresholds.ts';

/** How a function comes to hold the thread. */
type HoldKind = 'timer' | 'blocking' | 'work';

export interface Holder extends ChargedFunction {
  readonly kind: HoldKind;
  /** What most of its time waits for; null where it is work. */
  readonly blocksOn: 'files' | 'another process' | null;
  /** Of the profiled time of one thread, 0 to 1. */
  readonly timeShare: Share;
  readonly line: EvidenceLine;
}

const isTimer = (frame: Frame): boolean =>
  frame.file === 'node:internal/timers' &&
  /^(?:processTimers|listOnTimeout|processImmediate)$/.test(frame.functionName);

const words: Readonly<Record<HoldKind, string>> = {
  timer: 'started by timers',
  blocking: 'in blocking calls',
  work: 'besides datagrams',
};

/** The function with most of the time that timers and immediates start; null where there is none. By wall time where the profile has it. */
export function timerHolder(evidence: Evidence): Holder | null {
  return holder(profileOf(evidence, 'cpu'), 'timer', (stack) => stack.some(isTimer));
}

/** The function with most time in synchronous calls for a disk or another process; null where there is none. */
export function blockingHolder(evidence: Evidence): Holder | null {
  return holder(profileOf(evidence, 'cpu'), 'blocking', isBlockingCall);
}

/** The function with most time but for the calls that every request needs; null where there is none. */
export function workHolder(evidence: Evidence): Holder | null {
  return holder(cpuProfileOf(evidence), 'work', (stack) => !isDatagramCall(stack));
}

function holder(
  loaded: LoadedProfile | null,
  kind: HoldKind,
  isCounted: (stack: readonly Frame[]) => boolean,
): Holder | null {
  if (loaded === null || loaded.record.durationNs <= 0) return null;
  const { profile, record } = loaded;
  const valueIndex = valueIndexOf(profile, 'wall', 'cpu');
  const top = chargedFunctions(profile, valueIndex, isCounted)[0];
  if (top === undefined) return null;
  return {
    ...top,
    kind,
    blocksOn: blocksOn(profile, valueIndex, top, isCounted),
    timeShare: Math.min(1, top.value / record.durationNs),
    line: {
      metric: `${top.subject.function}, ${words[kind]}, share of ${clockOf(profile, valueIndex)}`,
      value: top.share * 100,
      unit: '%',
      threshold: null,
      source: record.file,
    },
  };
}

function blocksOn(
  profile: Profile,
  valueIndex: number,
  { subject, value }: ChargedFunction,
  isCounted: (stack: readonly Frame[]) => boolean,
): Holder['blocksOn'] {
  const valueIn = (isOne: (stack: readonly Frame[]) => boolean): number =>
    chargedFunctions(
      profile,
      valueIndex,
      (stack) => isCounted(stack) && isBlockingCall(stack) && isOne(stack),
    ).find((one) => isSameSubject(one.subject, subject))?.value ?? 0;
  const process = valueIn((stack) =>
    stack.some(({ file }) => /^node:(?:internal\/)?child_process/.test(file)),
  );
  const all = valueIn(() => true);
  if (all < STALL_CAUSE_SHARE * value) return null;
  return process >= STALL_CAUSE_SHARE * all ? 'another process' : 'files';
}

function clockOf({ valueTypes }: Profile, valueIndex: number): string {
  return valueTypes[valueIndex]?.type === 'wall' ? 'the time at work' : 'CPU';
}
