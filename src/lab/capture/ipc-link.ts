import type { AgentLink } from './agent-link.ts';
import { unwrapAgentRequest, wrapAgentMessage } from './agent-protocol.ts';
import { holdProgramMessages } from './held-messages.ts';

/** The link of a direct child of the lab: Node's IPC channel, which the program's own messages use too. */
export function ipcLink(): AgentLink {
  return {
    send(reply) {
      if (process.connected) process.send?.(wrapAgentMessage(reply), undefined, {}, ignoreSendError);
    },
    listen({ onRequest, onClose }) {
      const hold = holdProgramMessages();
      process.on('message', function onLabMessage(message: unknown) {
        const request = unwrapAgentRequest(message);
        if (request) onRequest(request);
        else hold(message);
      });
      releaseChannel();
      process.once('disconnect', onClose);
      releaseChannel();
    },
  };
}

/** The lab may be gone by now; what to do then is the close listener's matter. */
function ignoreSendError(): void {}

/**
 * Gives back the hold on the event loop that a listener of `message` or `disconnect` takes, and leaves the program's
 * own holds alone; `channel.unref()` would override those.
 */
function releaseChannel(): void {
  (process.channel as unknown as { unrefCounted?: () => void } | undefined)?.unrefCounted?.();
}
