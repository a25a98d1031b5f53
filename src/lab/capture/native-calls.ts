/**
 * V8 names a native function in a CPU profile by the address of its C++ callback. All functions of Node-API addons share
 * one callback, so each of them appears under the name of whichever was made last: a tracker that sends through koffi was
 * seen to spend 70 % of its time in `memmove`, which it never calls to move anything.
 *
 * The name cannot be made right, but it can be made honest: just before the profile starts, one more such function is
 * made, under a name that is known, and that name is replaced when the profile is read. Measured on Node 20, before and
 * after garbage collections; addons that make functions later in the profile still rename it.
 */
import { createRequire } from 'node:module';
import type { LocatedFrame } from './frame-locator.ts';

/** A function of the C library that no tracker calls. */
const MARKER = 'getppid';
/** What stands in profiles for a call into any Node-API addon. */
const NATIVE_ADDON_CALL = '(native addon)';

/** Makes the function whose name will stand for all. Does nothing where koffi, which makes it, is not installed. */
export function markNativeCalls(): void {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    _marker = koffi.load(null).func(`int ${MARKER}()`);
  } catch {
    // Without koffi the names stay as V8 has them; our own tracker has no addon then.
  }
}

/** Kept, so that it is not collected while the profile runs. */
let _marker: unknown;

/** A frame of the marker under its honest name; any other frame as it is. */
export function nameNativeCall(frame: LocatedFrame): LocatedFrame {
  return frame.name === MARKER && frame.file === '' ? { ...frame, name: NATIVE_ADDON_CALL } : frame;
}
