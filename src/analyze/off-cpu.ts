/**
 * Waiting inside JavaScript, from a profile of wall time and CPU time together. Pure.
 *
 * V8 gives `Atomics.wait` no frame: the function that calls it stands as the leaf, on the clock and off the CPU (measured on
 * Node 20, 22, 24 and 26, main thread and worker: 1 to 2 % of its wall time is CPU). Waiting for events is another matter and
 * idle; a blocking call of `node:fs` or `node:child_process` has frames of theirs and is no waiting for another thread.
 */

import type { Share } from '../units.ts';
import { busyTotal, isIdle, valueAt } from './cost-shares.ts';
import type { Subject } from './finding.ts';
import { isLabAgentFile } from './profile/frame-classes.ts';
import type { Frame, Profile } from './profile/profile.ts';
import { WAITING_CPU_SHARE } from './thresholds.ts';

/** A function that stood still, or the application's that called it. */
interface OffCpuFunction {
  readonly subject: Subject;
  /** Wall time less CPU time, in the profile's unit. */
  readonly offCpu: number;
  /** CPU time over wall time of the samples that it ends. */
  readonly cpuShare: Share;
}

export interface OffCpu {
  /** Off-CPU time of the functions that waited, over the wall time of all samples that are not idle. */
  readonly share: Share;
  /** Most off-CPU time first. */
  readonly functions: readonly OffCpuFunction[];
  /** CPU time over wall time of all other JavaScript; null where there is none. Far below 1 others had the core. */
  readonly otherCpuShare: Share | null;
}

interface Leaf {
  readonly caller: Frame;
  wall: number;
  cpu: number;
}

/**
 * Functions whose samples are nearly all off the CPU, in JavaScript's own leaves. A function that is off it for some of the
 * time only may have lost the core to somebody else and is not counted.
 *
 * @returns null where the profile has not both clocks, or no busy sample
 */
export function offCpu(profile: Profile): OffCpu | null {
  const indexOf = (type: string): number => profile.valueTypes.findIndex((value) => value.type === type);
  const [wallIndex, cpuIndex] = [indexOf('wall'), indexOf('cpu')];
  if (wallIndex < 0 || cpuIndex < 0) return null;
  const total = busyTotal(profile, wallIndex);
  if (total <= 0) return null;
  const leaves = [...leavesOf(profile, wallIndex, cpuIndex).values()];
  const isWaiting = ({ wall, cpu }: Leaf): boolean => wall > 0 && cpu / wall < WAITING_CPU_SHARE;
  const functions = leaves
    .filter(isWaiting)
    .map(({ caller, wall, cpu }) => ({
      subject: { function: caller.functionName, file: caller.file, line: caller.line || null },
      offCpu: wall - cpu,
      cpuShare: cpu / wall,
    }))
    .sort((a, b) => b.offCpu - a.offCpu);
  const others = leaves.filter((leaf) => !isWaiting(leaf));
  const otherWall = others.reduce((sum, { wall }) => sum + wall, 0);
  return {
    share: functions.reduce((sum, one) => sum + one.offCpu, 0) / total,
    functions,
    otherCpuShare: otherWall === 0 ? null : others.reduce((sum, { cpu }) => sum + cpu, 0) / otherWall,
  };
}

/** Whether a stack (leaf first) is in a synchronous call of Node's that waits for a disk or another process. */
export function isBlockingCall(stack: readonly Frame[]): boolean {
  const application = stack.findIndex((frame) => frame.class === 'application');
  const below = application < 0 ? stack : stack.slice(0, application);
  return below.some(({ file }) => blockingFile.test(file));
}

const blockingFile =
  /^node:(?:fs|internal\/fs|child_process|internal\/child_process|internal\/process\/stdio|tty)(?:\/|$)/;

/** Both clocks by leaf; one that is the engine's or a library's goes by the application's function that called it. */
function leavesOf(profile: Profile, wallIndex: number, cpuIndex: number): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const start = profile.stackStart[sample] as number;
    const stack = profile.stackFrames.subarray(start, profile.stackStart[sample + 1]);
    const frames = Array.from(stack, (index) => profile.frames[index] as Frame);
    const [leaf] = frames;
    // What has no file is no JavaScript: a native function, the collector, V8's own.
    if (leaf === undefined || leaf.file === '' || isLabAgentFile(leaf.file) || isIdle(profile, sample))
      continue;
    if (isBlockingCall(frames)) continue;
    const caller = frames.find((frame) => frame.class === 'application') ?? leaf;
    // Apart from the caller's other callees: one that waits must not hide behind one that computes.
    const key = `${caller.functionName}\0${caller.file}\0${leaf.functionName}\0${leaf.file}`;
    const entry = leaves.get(key) ?? { caller, wall: 0, cpu: 0 };
    leaves.set(key, entry);
    entry.wall += valueAt(profile, wallIndex, sample);
    entry.cpu += valueAt(profile, cpuIndex, sample);
  }
  return leaves;
}
