import type { Nanoseconds } from '../../units.ts';

/**
 * The start of this thread, from which its `performance.now` counts, on the clock that all threads share.
 *
 * Both clocks are one inside Node, so every reading gives the true start plus the time between its two calls; the
 * smallest of some is the closest. The first is off by milliseconds, since `performance` is loaded on first use.
 */
function findThreadOriginNs(): Nanoseconds {
  let closestNs = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 16; reading++) {
    const threadNs = performance.now() * 1e6;
    closestNs = Math.min(closestNs, Number(process.hrtime.bigint()) - threadNs);
  }
  return closestNs;
}

const threadOriginNs = findThreadOriginNs();

/** Monotonic time, comparable between the threads of a process; moved wall clocks leave it alone. Allocates nothing. */
export function monotonicNs(): Nanoseconds {
  return threadOriginNs + performance.now() * 1e6;
}
