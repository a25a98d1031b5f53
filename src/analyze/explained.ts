/** Takes what one finding explains out of the evidence of the rules after it: one cause is told once. Pure. */
import type { Share } from '../units.ts';
import { busyTotal, isIdle, stackOf, valueAt, valueIndexOf } from './cost-shares.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile } from './evidence.ts';
import type { Frame, Profile } from './profile/profile.ts';

const EXPLAINED: Frame = {
  functionName: '(explained by another finding)',
  file: '',
  line: 0,
  runtime: 'native',
  class: 'runtime',
};

/**
 * The evidence with the explained stacks of its CPU and allocation profiles cut down to one nameless frame: their cost
 * stays in the totals, so that the shares of the rest are of all, and no rule finds a name in them.
 *
 * @param isExplained - takes a stack, leaf first
 */
export function withoutExplained(
  evidence: Evidence,
  isExplained: (stack: readonly Frame[]) => boolean,
): Evidence {
  const before = evidence.explained ?? { kernelShare: 0, allocatedShare: 0 };
  const cpu = cpuProfileOf(evidence);
  const allocations = evidence.profiles.find(({ record }) => record.kind === 'allocations');
  const isKernel = (stack: readonly Frame[]): boolean => isExplained(stack) && isInKernel(stack);
  return {
    ...evidence,
    explained: {
      kernelShare: Math.min(1, before.kernelShare + shareOf(cpu, 'cpu', isKernel)),
      allocatedShare: Math.min(
        1,
        before.allocatedShare + shareOf(allocations ?? null, 'alloc_space', isExplained),
      ),
    },
    profiles: evidence.profiles.map((loaded) =>
      loaded === cpu || loaded === allocations
        ? { ...loaded, profile: cutDown(loaded.profile, isExplained) }
        : loaded,
    ),
  };
}

function isInKernel([leaf]: readonly Frame[]): boolean {
  return leaf !== undefined && (leaf.class === 'syscall' || leaf.runtime === 'kernel');
}

function shareOf(
  loaded: LoadedProfile | null,
  type: string,
  isCounted: (stack: readonly Frame[]) => boolean,
): Share {
  if (loaded === null) return 0;
  const { profile } = loaded;
  const valueIndex = valueIndexOf(profile, type);
  const total = busyTotal(profile, valueIndex);
  if (total <= 0) return 0;
  let counted = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample) || !isCounted(stackOf(profile, sample))) continue;
    counted += valueAt(profile, valueIndex, sample);
  }
  return counted / total;
}

function cutDown(profile: Profile, isExplained: (stack: readonly Frame[]) => boolean): Profile {
  const frames = [...profile.frames, EXPLAINED];
  const stackFrames: number[] = [];
  const stackStart = new Uint32Array(profile.sampleCount + 1);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (!isIdle(profile, sample) && isExplained(stackOf(profile, sample)))
      stackFrames.push(frames.length - 1);
    else {
      const stack = profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1]);
      for (const frame of stack) stackFrames.push(frame);
    }
    stackStart[sample + 1] = stackFrames.length;
  }
  return { ...profile, frames, stackFrames: Uint32Array.from(stackFrames), stackStart };
}
