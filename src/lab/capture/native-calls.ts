/**
 * V8 names a native function in a CPU profile by the address of its C++ callback. All functions of Node-API addons share
 * one callback, so each of them appears under the name of whichever was made last: a tracker that sends through koffi was
 * seen to spend 70 % of its time in `memmove`, which it never calls to move anything.
 *
 * The name cannot be made right, but it can be made honest: just before the profile starts, one more such function is
 * made, under a name that is known, and that name is replaced when the profile is read. V8 takes the function that lies
 * last in its heap; many are made, so that one of them likely does. Where it is another, it is one of those that the
 * loaded addons export (koffi's own `pointer` won in half of the processes started by a test runner), so all of their
 * names count as well.
 */
import { createRequire } from 'node:module';
import type { LocatedFrame } from './frame-locator.ts';

/** A function of the C library that no tracker calls. */
const MARKER = 'getppid';
/** One alone may lie before the others on another page of the heap. */
const MARKERS = 1_000;
/** What stands in profiles for a call into any Node-API addon. */
const NATIVE_ADDON_CALL = '(native addon)';

/** How deep the exports of an addon are searched: a class has its methods on its prototype, two objects below. */
const EXPORT_DEPTH = 3;

/** Makes the function whose name will stand for all. Does nothing where koffi, which makes it, is not installed. */
export function markNativeCalls(): void {
  const require = createRequire(import.meta.url);
  try {
    const koffi = require('koffi') as typeof import('koffi');
    for (const type of Object.keys(koffi.types)) ambiguousNames.add(type);
    const library = koffi.load(null);
    _markers = Array.from({ length: MARKERS }, () => library.func(`int ${MARKER}()`));
  } catch {
    // Without koffi the names stay as V8 has them; our own tracker has no addon then.
  }
  for (const [path, module] of Object.entries(require.cache)) {
    if (path.endsWith('.node')) addFunctionNames(module?.exports, EXPORT_DEPTH);
  }
}

/** Adds the names of an addon's functions and of its classes' methods, down to `depth` objects. Calls no getter. */
function addFunctionNames(exported: unknown, depth: number): void {
  if (exported === null || (typeof exported !== 'object' && typeof exported !== 'function')) return;
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exported))) {
    if (typeof value === 'function' && key !== 'constructor') ambiguousNames.add(key).add(value.name || key);
    if (depth > 1) addFunctionNames(value, depth - 1);
  }
}

/** Kept, so that it is not collected while the profile runs. */
let _markers: unknown;
/** The marker, and the functions that addons export, which may lie behind it in the heap. */
const ambiguousNames = new Set([MARKER]);

/** A frame of a native addon under its honest name; any other frame as it is. */
export function nameNativeCall(frame: LocatedFrame): LocatedFrame {
  return frame.file === '' && ambiguousNames.has(frame.name) ? { ...frame, name: NATIVE_ADDON_CALL } : frame;
}
