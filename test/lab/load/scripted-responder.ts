/** A tracker for tests that answers by a script and counts what it did. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** What a script sees of a request. */
interface ScriptedRequest {
  /** 0 for the first request of all. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly atMs: number;
  /** `address:port` of the sender. */
  readonly from: string;
}

/** The datagrams that answer a request, in order; none = silence. */
export type Script = (request: ScriptedRequest) => Buffer[];

export const PEERS_IN_REPLY = 3;

/** The reply of an honest tracker. */
export function validReply(request: Buffer): Buffer {
  const action = request.readUInt32BE(8);
  const scraped = Math.max(0, request.length - 16) / 20;
  const reply = Buffer.alloc([16, 20 + 6 * PEERS_IN_REPLY, 8 + 12 * scraped][action] as number, 1);
  reply.writeUInt32BE(action, 0);
  request.copy(reply, 4, 12, 16);
  return reply;
}

/** An error reply with the request's transaction id. */
export function errorReply(request: Buffer, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(3, 0);
  request.copy(head, 4, 12, 16);
  return Buffer.concat([head, Buffer.from(text)]);
}

export class ScriptedResponder {
  readonly host = '127.0.0.1';
  requests = 0;
  readonly requestsByAction: [number, number, number] = [0, 0, 0];
  /** Info hashes of all announces, in hexadecimal. */
  readonly infoHashes = new Set<string>();
  readonly sources = new Set<string>();
  readonly #socket: Socket;
  readonly #script: Script;

  private constructor(socket: Socket, script: Script) {
    this.#socket = socket;
    this.#script = script;
    socket.on('message', (bytes, sender) => this.#answer(bytes, sender));
  }

  static async open(script: Script): Promise<ScriptedResponder> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new ScriptedResponder(socket, script);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #answer(bytes: Buffer, sender: RemoteInfo): void {
    const action = bytes.readUInt32BE(8) as 0 | 1 | 2;
    this.requestsByAction[action]++;
    this.sources.add(sender.address);
    if (action === 1) this.infoHashes.add(bytes.toString('hex', 16, 36));
    const from = `${sender.address}:${sender.port}`;
    const request = { number: this.requests++, bytes, atMs: performance.now(), from };
    for (const reply of this.#script(request)) this.#socket.send(reply, sender.port, sender.address);
  }
}
