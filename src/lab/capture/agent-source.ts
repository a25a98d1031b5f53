import { type ProfileRequest, requestedKinds } from './agent-protocol.ts';
import type { NodeAgent } from './node-agent-client.ts';
import type { ProfileSource } from './profile-source.ts';

/** The profilers inside a Node process, through its preload. @param request - which ones, when they are started; the live heap's is on before */
export function agentSource(agent: NodeAgent, request: ProfileRequest): ProfileSource {
  return {
    name: 'the preload',
    kinds: [...requestedKinds(request), 'live-heap'],
    start: () => agent.startProfiles(request),
    stop: ({ directory, phase }) => agent.stopProfiles({ directory, phase }),
  };
}
