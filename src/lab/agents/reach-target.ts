import { LabError } from '../../errors.ts';
import { resolveEndpoint } from '../../wire/endpoint.ts';
import { hostPort } from '../../wire/host-port.ts';
import { connectRequest } from '../target/preflight-requests.ts';
import { openQuestionSocket } from '../target/question-socket.ts';

const TRIES = 3;
const TRY_MS = 500;

/**
 * Proves that the tracker answers a connect from here.
 *
 * @throws LabError `AGENT_CANNOT_REACH`, `HOST_NOT_FOUND`
 */
export async function reachTarget(target: { readonly host: string; readonly port: number }): Promise<void> {
  const { address } = await resolveEndpoint(target.host, target.port, 0);
  const socket = await openQuestionSocket(address, target.port);
  if ('refused' in socket) throw cannotReach(target, socket.refused);
  try {
    let refused: string | null = null;
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = await socket.ask(connectRequest(), TRY_MS);
      if (reply instanceof Uint8Array) return;
      refused = reply.refused;
    }
    throw cannotReach(target, refused);
  } finally {
    await socket.close();
  }
}

function cannotReach(
  target: { readonly host: string; readonly port: number },
  refused: string | null,
): LabError {
  return new LabError({
    code: 'AGENT_CANNOT_REACH',
    message: `udp://${hostPort(target.host, target.port)} answers the lab and not this agent (${refused ?? 'no reply'})`,
    hint: 'check the route and the firewall between the two',
  });
}
