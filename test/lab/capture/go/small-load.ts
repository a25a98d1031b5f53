import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  CONNECT_REQUEST_BYTES,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  ResponseOffset,
} from '../../../../src/wire/bep15.ts';

const RETRY_MS = 300;
const SWARMS = 8;
/** Each client stands for so many peers, by turns. */
const PORTS = 32;

export interface SmallLoad {
  /** Announces that were answered, and the peers in the last answer of each client. */
  figures(): { readonly announces: number; readonly peers: number };
  stop(): Promise<void>;
}

/** Clients in closed loop: connect once, then announce without end. */
export async function startSmallLoad(port: number, clientCount: number): Promise<SmallLoad> {
  const clients = Array.from({ length: clientCount }, (_, index) => new Client(port, index));
  await Promise.all(clients.map((client) => client.start()));
  return {
    figures: () => ({
      announces: clients.reduce((sum, client) => sum + client.announces, 0),
      peers: clients.reduce((sum, client) => sum + client.peers, 0),
    }),
    stop: async () => {
      await Promise.all(clients.map((client) => client.stop()));
    },
  };
}

class Client {
  announces = 0;
  peers = 0;
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;
  readonly #index: number;
  #request: Buffer;
  #transaction = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(port: number, index: number) {
    this.#port = port;
    this.#index = index;
    this.#request = Buffer.alloc(CONNECT_REQUEST_BYTES);
    this.#request.writeUInt32BE(PROTOCOL_ID_HIGH, 0);
    this.#request.writeUInt32BE(PROTOCOL_ID_LOW, 4);
    this.#socket.on('message', (reply) => this.#onReply(reply));
  }

  async start(): Promise<void> {
    this.#socket.connect(this.#port, '127.0.0.1');
    await once(this.#socket, 'connect');
    this.#retry = setInterval(() => this.#send(), RETRY_MS);
    this.#send();
  }

  async stop(): Promise<void> {
    clearInterval(this.#retry);
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #send(): void {
    this.#transaction++;
    this.#request.writeUInt32BE(this.#transaction, RequestOffset.transactionId);
    if (this.#request.length >= ANNOUNCE_REQUEST_BYTES) {
      const port = 1000 + this.#index * PORTS + (this.#transaction % PORTS);
      this.#request.writeUInt16BE(port, RequestOffset.port);
    }
    this.#socket.send(this.#request);
  }

  #onReply(reply: Buffer): void {
    if (reply.readUInt32BE(ResponseOffset.transactionId) !== this.#transaction) return;
    const action = reply.readUInt32BE(ResponseOffset.action);
    if (action === Action.connect) this.#request = this.#announceRequest(reply);
    else if (action === Action.announce) {
      this.announces++;
      this.peers = (reply.length - ResponseOffset.peers) / 6;
    } else throw new Error(`the tracker answered ${reply.toString('latin1')}`);
    this.#send();
  }

  #announceRequest(connected: Buffer): Buffer {
    const request = Buffer.alloc(ANNOUNCE_REQUEST_BYTES);
    connected.copy(request, 0, ResponseOffset.connectionId, ResponseOffset.connectionId + 8);
    request.writeUInt32BE(Action.announce, RequestOffset.action);
    request.fill(this.#index % SWARMS, RequestOffset.infoHash, RequestOffset.peerId);
    request.writeInt32BE(50, RequestOffset.numWant);
    return request;
  }
}
