/** Names of everything that lab and agents keep in Redis. */

/** Of BullMQ's queues. */
export const QUEUE_PREFIX = 'tracker-lab';

/** Names of the agents that were there; which are is told by their own keys. */
export const AGENTS_KEY = 'tracker-lab-agents';

/** An agent's sign of life. */
export function helloKey(agent: string): string {
  return `tracker-lab-agent:${agent}`;
}

/** The queue of one agent alone. */
export function agentQueue(agent: string): string {
  return `agent-${agent}`;
}

/** The queue of one run's parent job. */
export function runQueue(runId: string): string {
  return `run-${runId}`;
}

/** What belongs to a run; all of it expires. */
export function runKey(runId: string, part: 'lab' | 'plan' | 'orders' | `result:${string}`): string {
  return `tracker-lab-run:${runId}:${part}`;
}

/** Longer than a run may take between two uses of such a key. Seconds. */
export const RUN_KEYS_LIFE_S = 3_600;
