import type { Frame, Profile } from './profile.ts';

/**
 * The samples whose stack passes a test; frames and value types stay as they are.
 *
 * @param keep - takes a stack, leaf first
 */
export function keepSamples(profile: Profile, keep: (stack: readonly Frame[]) => boolean): Profile {
  const kept: number[] = [];
  const stackFrames: number[] = [];
  const stackStart = [0];
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1]);
    if (!keep(Array.from(stack, (frame) => profile.frames[frame] as Frame))) continue;
    kept.push(sample);
    for (const frame of stack) stackFrames.push(frame);
    stackStart.push(stackFrames.length);
  }
  return {
    ...profile,
    stackStart: Uint32Array.from(stackStart),
    stackFrames: Uint32Array.from(stackFrames),
    values: profile.values.map((values) => Float64Array.from(kept, (sample) => values[sample] as number)),
    sampleCount: kept.length,
  };
}
