import { SLICE_MS, sliceAt } from '../../time-slices.ts';
import type { ProfileFile, ProfileKind, SampleWindow } from './capture-types.ts';

/** Slices that lie wholly in the windows of all threads; null where a thread has no times, or there is none. */
export function wholeSlices(
  windows: readonly (SampleWindow | undefined)[],
): Omit<NonNullable<ProfileFile['slices']>, 'file'> | null {
  const known = windows.filter((window) => window !== undefined);
  if (known.length === 0 || known.length < windows.length) return null;
  const firstSlice = sliceAt(Math.max(...known.map(({ startNs }) => startNs))) + 1;
  const lastSlice = sliceAt(Math.min(...known.map(({ endNs }) => endNs))) - 1;
  return lastSlice < firstSlice ? null : { sliceMs: SLICE_MS, firstSlice, lastSlice };
}

/** The file of a profile's samples by slices of time. */
export function slicesFile(kind: ProfileKind): string {
  return `${kind}-slices.pb.gz`;
}
