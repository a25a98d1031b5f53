/**
 * A relay between a load and a tracker that loses, doubles, reorders, damages and delays datagrams by a seeded plan, and
 * counts what it did. A load thread has source addresses of its own, so that a pre-flight passes untouched.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Shares of the datagrams, 0 to 1. */
export interface Faults {
  /** Of requests that never arrive. */
  readonly requestLoss?: number;
  /** Of replies that never arrive. */
  readonly replyLoss?: number;
  /** Of replies that arrive twice. */
  readonly duplicates?: number;
  /** Of replies that arrive after the next one. */
  readonly reordered?: number;
  /**
   * Of replies with one bit of the action or of the transaction id's upper half turned. A turned low bit may make the id
   * of another request in flight, which nobody can tell from its answer.
   */
  readonly corrupted?: number;
  /** Of replies that are kept back for `delayMs`. */
  readonly delayed?: number;
  readonly delayMs?: number;
}

export type FaultCounts = Record<
  'requests' | 'lostRequests' | 'lostReplies' | 'duplicates' | 'reordered' | 'corrupted' | 'delayed',
  number
>;

/** Where load threads send from; everything else speaks from 127.0.0.1. */
const LOAD_SOURCES = '127.1.';
/** Kept back at most so long where no other reply follows. */
const REORDER_WAIT_MS = 20;

export class FaultRelay {
  readonly counts: FaultCounts = {
    requests: 0,
    lostRequests: 0,
    lostReplies: 0,
    duplicates: 0,
    reordered: 0,
    corrupted: 0,
    delayed: 0,
  };
  readonly #front: Socket;
  readonly #trackerPort: number;
  readonly #faults: Required<Faults>;
  readonly #random: () => number;
  /** A socket towards the tracker for each client. */
  readonly #links = new Map<string, Socket>();
  #kept: (() => void) | null = null;

  private constructor(front: Socket, trackerPort: number, faults: Faults, seed: number) {
    this.#front = front;
    this.#trackerPort = trackerPort;
    this.#faults = {
      ...{ requestLoss: 0, replyLoss: 0, duplicates: 0, reordered: 0, corrupted: 0, delayed: 0, delayMs: 0 },
      ...faults,
    };
    this.#random = seededShare(seed);
    front.on('message', (request, client) => this.#forward(request, client));
  }

  static async open(options: {
    readonly trackerPort: number;
    readonly faults: Faults;
    readonly seed: number;
  }): Promise<FaultRelay> {
    const front = createSocket('udp4').bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new FaultRelay(front, options.trackerPort, options.faults, options.seed);
  }

  get port(): number {
    return this.#front.address().port;
  }

  close(): void {
    this.#front.close();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #forward(request: Buffer, client: RemoteInfo): void {
    const name = `${client.address}:${client.port}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = createSocket('udp4');
      link.on('message', (reply) => this.#back(reply, client));
      this.#links.set(name, link);
    }
    const isLoad = client.address.startsWith(LOAD_SOURCES);
    if (isLoad) this.counts.requests++;
    if (isLoad && this.#happens(this.#faults.requestLoss)) this.counts.lostRequests++;
    else link.send(request, this.#trackerPort, '127.0.0.1');
  }

  #back(reply: Buffer, client: RemoteInfo): void {
    const { replyLoss, duplicates, reordered, corrupted, delayed, delayMs } = this.#faults;
    const send = (): void => {
      // A delayed reply may come after the end.
      if (this.#links.size > 0) this.#front.send(reply, client.port, client.address);
    };
    if (!client.address.startsWith(LOAD_SOURCES)) {
      send();
    } else if (this.#happens(replyLoss)) {
      this.counts.lostReplies++;
    } else if (this.#happens(delayed)) {
      this.counts.delayed++;
      setTimeout(send, delayMs);
    } else if (this.#kept === null && this.#happens(reordered)) {
      this.counts.reordered++;
      this.#keepBack(send);
    } else {
      if (this.#happens(corrupted)) {
        this.counts.corrupted++;
        const bit = Math.floor(this.#random() * 48);
        reply[bit >>> 3] = (reply[bit >>> 3] as number) ^ (1 << (bit & 7));
      }
      send();
      if (this.#happens(duplicates)) {
        this.counts.duplicates++;
        send();
      }
      this.#kept?.();
    }
  }

  #keepBack(send: () => void): void {
    const release = (): void => {
      if (this.#kept !== release) return;
      this.#kept = null;
      send();
    };
    this.#kept = release;
    setTimeout(release, REORDER_WAIT_MS);
  }

  #happens(share: number): boolean {
    return share > 0 && this.#random() < share;
  }
}

/** Numbers from 0 to below 1 (mulberry32), the same in every run. */
function seededShare(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
