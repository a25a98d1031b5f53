/** A BitTorrent client of a few datagrams, from an address of loopback of its own. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AnnounceFields, announceRequest, connectRequest, scrapeRequest } from '../tracker-fixture.ts';

/** After so long an answer does not come any more. */
const ANSWER_MS = 8000;

/** What an announce was answered. */
export interface AnnounceAnswer {
  readonly interval: number;
  readonly leechers: number;
  readonly seeders: number;
  /** `address:port`, IPv6 addresses in hexadecimal; sorted. */
  readonly peers: readonly string[];
}

export class UdpClient {
  private readonly socket: Socket;
  private readonly peerBytes: 6 | 18;
  private readonly id = new Map<number, Buffer>();

  private constructor(socket: Socket, peerBytes: 6 | 18) {
    this.socket = socket;
    this.peerBytes = peerBytes;
  }

  /** @param address - of loopback: 127.0.0.x or ::1 */
  static async open(address: string): Promise<UdpClient> {
    const ipv6 = address.includes(':');
    const socket = createSocket(ipv6 ? 'udp6' : 'udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new UdpClient(socket, ipv6 ? 18 : 6);
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(request: Uint8Array, port: number): void {
    this.socket.send(request, port, this.peerBytes === 6 ? '127.0.0.1' : '::1');
  }

  /** Fulfilled when so many datagrams have come. @throws Error where they do not */
  async collect(datagrams: number, take: (answer: Buffer) => void): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    await new Promise<void>((resolve, reject) => {
      let left = datagrams;
      signal.addEventListener('abort', () =>
        reject(new Error(`${left} of ${datagrams} answers are missing`)),
      );
      const onMessage = (answer: Buffer): void => {
        take(answer);
        left--;
        if (left === 0) {
          this.socket.off('message', onMessage);
          resolve();
        }
      };
      this.socket.on('message', onMessage);
    });
  }

  /** The first datagram that comes after this one was sent. @throws Error where none comes */
  async ask(request: Uint8Array, port: number, withinMs = ANSWER_MS): Promise<Buffer> {
    const answer = once(this.socket, 'message', { signal: AbortSignal.timeout(withinMs) });
    this.send(request, port);
    return ((await answer) as [Buffer])[0];
  }

  /** An id of the tracker at `port`; asked for once. */
  async connect(port: number): Promise<Buffer> {
    const known = this.id.get(port);
    const id = known ?? Buffer.from((await this.ask(connectRequest(), port)).subarray(8));
    this.id.set(port, id);
    return id;
  }

  /** @returns the answer, or the text of an error */
  async announce(port: number, fields: AnnounceFields): Promise<AnnounceAnswer | string> {
    const answer = await this.ask(announceRequest(await this.connect(port), fields), port);
    if (answer.readUInt32BE(0) === 3) {
      return answer.subarray(8).toString();
    }
    return {
      interval: answer.readUInt32BE(8),
      leechers: answer.readUInt32BE(12),
      seeders: answer.readUInt32BE(16),
      peers: readPeers(answer.subarray(20), this.peerBytes),
    };
  }

  /** @returns seeders, downloads, leechers of each hash, or the text of an error */
  async scrape(port: number, hashes: readonly number[]): Promise<number[][] | string> {
    const answer = await this.ask(scrapeRequest(await this.connect(port), hashes), port);
    if (answer.readUInt32BE(0) === 3) {
      return answer.subarray(8).toString();
    }
    return hashes.map((_, index) => [0, 4, 8].map((field) => answer.readUInt32BE(8 + 12 * index + field)));
  }

  close(): void {
    this.socket.close();
  }
}

function readPeers(bytes: Buffer, peerBytes: 6 | 18): string[] {
  return Array.from({ length: bytes.length / peerBytes }, (_, peer) => {
    const from = peer * peerBytes;
    const address = bytes.subarray(from, from + peerBytes - 2);
    const text = peerBytes === 6 ? [...address].join('.') : address.toString('hex');
    return `${text}:${bytes.readUInt16BE(from + peerBytes - 2)}`;
  }).sort();
}
