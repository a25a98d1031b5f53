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

/** A function of the C library that no tracker calls. */
const MARKER = 'getppid';
/** What stands in profiles for a call into any Node-API addon. */
const NATIVE_ADDON_CALL = '(native addon)';

/** Makes the function whose name will stand for all. Returns false where koffi, which makes it, is not installed. */
export function markNativeCalls(): boolean {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    marker = koffi.load(null).func(`int ${MARKER}()`);
    return true;
  } catch {
    return false;
  }
}

/** Kept, so that it is not collected while the profile runs. */
let marker: unknown;

/** Replaces the marker's name in a profile's string table. Does nothing where no function was made. */
export function renameNativeCalls(strings: string[]): void {
  const index = marker === undefined ? -1 : strings.indexOf(MARKER);
  if (index >= 0) strings[index] = NATIVE_ADDON_CALL;
}
