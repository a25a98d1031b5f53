/** Moves of short byte ranges without a view, which would be an object each time. Pure. */

/** Exchanges two ranges of `length` bytes that do not overlap. */
export function swapBytes(bytes: Uint8Array, one: number, other: number, length: number): void {
  for (let byte = 0; byte < length; byte++) {
    const kept = bytes[one + byte] as number;
    bytes[one + byte] = bytes[other + byte] as number;
    bytes[other + byte] = kept;
  }
}

/** Copies `length` bytes from one array to another. */
export function copyBytes(
  from: Uint8Array,
  fromAt: number,
  to: Uint8Array,
  toAt: number,
  length: number,
): void {
  // A view is an object; short copies are cheaper without one.
  if (length > 256) {
    to.set(from.subarray(fromAt, fromAt + length), toAt);
    return;
  }
  for (let byte = 0; byte < length; byte++) {
    to[toAt + byte] = from[fromAt + byte] as number;
  }
}
