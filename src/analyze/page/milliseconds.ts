const NS_PER_MS = 1e6;

/** Nanoseconds in milliseconds, five significant digits: a chart shows no more. */
export function milliseconds(valueNs: number | null): number | null {
  return valueNs === null ? null : Number((valueNs / NS_PER_MS).toPrecision(5));
}
