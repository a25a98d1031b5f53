/** Splits the requests that timed out by where they were lost. Pure. */

/** `timedOut = late + droppedAtTracker + droppedAtGenerator + silent`, with null counted as 0. */
export interface TimeoutCauses {
  /** Answered after the timeout. */
  readonly late: number;
  /** Dropped in front of the tracker; null: not known, and part of `silent`. */
  readonly droppedAtTracker: number | null;
  /** The reply was dropped in front of the generator; null: not known, and part of `silent`. */
  readonly droppedAtGenerator: number | null;
  /** No reply, and no drop that the kernel tells of. */
  readonly silent: number;
  /**
   * Late replies and drops beyond the requests that timed out: of another phase's requests, of other clients, or of
   * replies that answered none. Where it is above 0 the split is an estimate.
   */
  readonly unassigned: number;
}

export interface TimeoutCounts {
  readonly timedOut: number;
  readonly late: number;
  /** Datagrams that the kernel dropped at the tracker's sockets; null: not known. */
  readonly trackerDrops: number | null;
  /** The same at the generator's. */
  readonly generatorDrops: number | null;
}

/**
 * Late replies are assigned first: their transaction ids tell. Then the drops, of which only numbers are known, as far
 * as timed-out requests are left.
 */
export function timeoutCauses(counts: TimeoutCounts): TimeoutCauses {
  let left = counts.timedOut;
  let unassigned = 0;
  const assign = (count: number): number => {
    const assigned = Math.min(left, Math.max(0, count));
    left -= assigned;
    unassigned += Math.max(0, count) - assigned;
    return assigned;
  };
  const late = assign(counts.late);
  const droppedAtTracker = counts.trackerDrops === null ? null : assign(counts.trackerDrops);
  const droppedAtGenerator = counts.generatorDrops === null ? null : assign(counts.generatorDrops);
  return { late, droppedAtTracker, droppedAtGenerator, silent: left, unassigned };
}
