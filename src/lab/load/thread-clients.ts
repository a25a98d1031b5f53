import type { Scenario } from '../../run.ts';
import type { Share } from '../../units.ts';

type Division = Pick<Scenario, 'concurrency' | 'loadThreads'>;

/** The clients of one thread: every `loadThreads`-th of the scenario, so that their number does not depend on threads. */
export function clientsOf({ concurrency, loadThreads }: Division, thread: number): number[] {
  const clients: number[] = [];
  for (let client = thread; client < concurrency; client += loadThreads) clients.push(client);
  return clients;
}

/** Share of the scenario's clients that these threads run. */
export function clientShareOf({ concurrency, loadThreads }: Division, threads: readonly number[]): Share {
  const clients = threads.reduce((sum, thread) => sum + Math.ceil((concurrency - thread) / loadThreads), 0);
  return clients / concurrency;
}
