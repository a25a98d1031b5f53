/** Numbers from 0 to below a limit, the same in every run (xorshift32). */
export function seededBelow(seed: number): (limit: number) => number {
  let state = (seed * 0x9e37_79b9) | 1;
  return function nextBelow(limit) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** A copy with one to four changes: a byte turned, a stretch dropped, doubled, overwritten or cut off. */
export function mutate(source: Uint8Array, below: (limit: number) => number): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(source);
  for (let change = below(4); change >= 0 && bytes.length > 1; change--) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + below(32));
    const kind = below(9);
    if (kind < 4) bytes[at] = below(256);
    else if (kind === 4) bytes[at] = (bytes[at] as number) ^ (1 << below(8));
    else if (kind === 5) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (kind === 6) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else if (kind === 7) bytes.fill(0xff, at, end);
    else bytes = bytes.slice(0, at);
  }
  return bytes;
}
