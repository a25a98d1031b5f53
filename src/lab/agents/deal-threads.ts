import { LabError } from '../../errors.ts';

/** What an agent brings along. */
export interface Dealt {
  readonly name: string;
  /** Load threads that it runs where nobody says how many. */
  readonly threads: number;
}

export interface Deal {
  /** Threads of the whole load: `loadThreads` of its scenario. */
  readonly loadThreads: number;
  /** By agent, in their order: the numbers of its threads. Together each number once, from 0. */
  readonly slices: readonly (readonly number[])[];
}

/**
 * Deals the load threads of one scenario out to agents. A thread's number decides which clients it runs, their seeds, peer
 * ids, ports and info hashes, and its points of the common grid of an open loop: so whatever the agents are, the load is the
 * one that a single generator with as many threads makes. Pure.
 *
 * @param wanted - threads of the whole load; null: what the agents bring, but no more than there are clients
 * @throws LabError `BAD_SCENARIO` where there are fewer threads or clients than agents
 */
export function dealThreads(agents: readonly Dealt[], concurrency: number, wanted: number | null): Deal {
  const brought = agents.reduce((sum, { threads }) => sum + threads, 0);
  const loadThreads = wanted ?? Math.min(brought, concurrency);
  if (loadThreads < agents.length) {
    const [what, flag] =
      wanted === null
        ? [`${concurrency} workers`, '--concurrency']
        : [`${wanted} load threads`, '--load-threads'];
    throw new LabError({
      code: 'BAD_SCENARIO',
      message: `${agents.length} agents cannot share ${what}: each needs one at least`,
      hint: `pass ${flag} ${agents.length} or more, or fewer --agents`,
    });
  }
  const counts = agents.map(() => 1);
  for (let left = loadThreads - agents.length; left > 0; left--) {
    // Whoever is the least full; where nobody said how many, none gets more than it brings.
    const fullness = agents.map(({ threads }, index) => (counts[index] as number) / threads);
    const next = fullness.indexOf(Math.min(...fullness));
    counts[next] = (counts[next] as number) + 1;
  }
  let first = 0;
  const slices = counts.map((count) => {
    const numbers = Array.from({ length: count }, (_, index) => first + index);
    first += count;
    return numbers;
  });
  return { loadThreads, slices };
}
