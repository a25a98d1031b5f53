import { DEFAULT_HEAP_INTERVAL_BYTES, type ProfileRequest, requestedKinds } from './agent-protocol.ts';
import type { NodeAgent } from './node-agent-client.ts';
import type { ProfileSource } from './profile-source.ts';

/**
 * Part of the phase in which allocations are profiled; in the rest it is what comes to be kept, as V8 has one heap profiler.
 * Growth at the template's limit, 100 MB a minute, leaves 13 samples a second, allocations some hundreds.
 */
const ALLOCATIONS_SHARE = 0.5;

/**
 * The profilers inside a Node process, through its preload.
 *
 * @param request - which ones, when they are started; the live heap's is on before, its growth follows on allocations
 */
export function agentSource(agent: NodeAgent, request: ProfileRequest): ProfileSource {
  return {
    name: 'the preload',
    kinds: [...requestedKinds(request), 'live-heap', 'heap-growth'],
    start: ({ durationMs }) =>
      agent.startProfiles({
        ...request,
        heapGrowth: {
          intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES,
          afterMs: durationMs * ALLOCATIONS_SHARE,
        },
      }),
    stop: ({ directory, phase }) => agent.stopProfiles({ directory, phase }),
  };
}
