/** Whether the runs of two sides took turns, so that a machine that drifts meets both. Pure. */

interface Started {
  readonly runId: string;
  readonly startedAt: string;
}

/** Oldest first; run ids tell the order of runs that began in one second. */
export function inOrder<Run extends Started>(runs: readonly Run[]): Run[] {
  return [...runs].sort((one, other) =>
    one.startedAt === other.startedAt
      ? one.runId < other.runId
        ? -1
        : 1
      : one.startedAt < other.startedAt
        ? -1
        : 1,
  );
}

/** How many pairs of neighbours of different sides there are, each run in one pair at most. */
export function interleavedPairs(a: readonly Started[], b: readonly Started[]): number {
  const order = inOrder([
    ...a.map((run) => ({ ...run, side: 'a' })),
    ...b.map((run) => ({ ...run, side: 'b' })),
  ]);
  let pairs = 0;
  for (let at = 1; at < order.length; at++) {
    if (order[at]?.side === order[at - 1]?.side) continue;
    pairs++;
    at++;
  }
  return pairs;
}
