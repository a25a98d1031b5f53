import { connect } from 'node:net';
import type { AgentLink } from './agent-link.ts';
import { unwrapAgentRequest, wrapAgentMessage } from './agent-protocol.ts';
import { readJsonLines } from './json-lines.ts';

/**
 * The link of a process that came from a command, at whatever depth: a connection to the lab's local socket, one JSON
 * document a line. It does not keep the program alive.
 *
 * @param socketPath - Unix socket or named pipe
 * @returns null where nobody listens any more: the lab has found its tracker, or is gone
 */
export function socketLink(socketPath: string): Promise<AgentLink | null> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('error', () => resolve(null));
    socket.once('connect', function onConnected() {
      socket.unref();
      // A broken connection is told by its close.
      socket.on('error', () => undefined);
      resolve({
        send: (reply) =>
          void (socket.writable && socket.write(`${JSON.stringify(wrapAgentMessage(reply))}\n`)),
        listen({ onRequest, onClose }) {
          readJsonLines(socket, function onMessage(message) {
            const request = unwrapAgentRequest(message);
            if (request) onRequest(request);
          });
          socket.once('close', onClose);
        },
      });
    });
  });
}
