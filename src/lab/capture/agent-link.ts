import type { AgentReply, AgentRequest } from './agent-protocol.ts';

/** The preload's way to the lab. */
export interface AgentLink {
  /** Nothing happens where the lab is gone. */
  send(reply: AgentReply): void;
  /** To be called once, before the first turn of the event loop. */
  listen(listeners: {
    readonly onRequest: (request: AgentRequest) => void;
    /** The lab is not interested any more, or gone. */
    readonly onClose: () => void;
  }): void;
}
