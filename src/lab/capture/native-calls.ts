/**
 * V8 names a native function in a CPU profile by the address of its C++ callback. All functions of Node-API addons share
 * one callback, so each of them appears under the name of whichever was made last: a tracker that sends through koffi was
 * seen to spend 70 % of its time in `memmove`, which it never calls to move anything.
 *
 * The name cannot be made right, but it can be made honest: just before the profile starts, one more such function is
 * made, under a name that is known, and that name is replaced when the profile is read. V8 takes the function that lies
 * last in its heap; many are made, so that one of them likely does, and koffi's own names, which were seen to lie behind
 * them, count as well. Measured on Node 20: 50 of 50 processes on a busy machine; one marker alone missed 5 of 40. In a
 * process with many other addons another name may win still.
 */
import { createRequire } from 'node:module';
import type { LocatedFrame } from './frame-locator.ts';

/** A function of the C library that no tracker calls. */
const MARKER = 'getppid';
/** One alone may lie before the others on another page of the heap. */
const MARKERS = 1_000;
/** What stands in profiles for a call into any Node-API addon. */
const NATIVE_ADDON_CALL = '(native addon)';

/** Makes the function whose name will stand for all. Does nothing where koffi, which makes it, is not installed. */
export function markNativeCalls(): void {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    for (const type of Object.keys(koffi.types)) ambiguousNames.add(type);
    _markers = Array.from({ length: MARKERS }, () => library.func(`int ${MARKER}()`));
  } catch {
    // Without koffi the names stay as V8 has them; our own tracker has no addon then.
  }
}

/** Kept, so that it is not collected while the profile runs. */
let _markers: unknown;
/** The marker, and koffi's own functions for C types, which may lie behind it in the heap. */
const ambiguousNames = new Set([MARKER]);

/** A frame of a native addon under its honest name; any other frame as it is. */
export function nameNativeCall(frame: LocatedFrame): LocatedFrame {
  return frame.file === '' && ambiguousNames.has(frame.name) ? { ...frame, name: NATIVE_ADDON_CALL } : frame;
}
