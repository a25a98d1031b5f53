/** Trackers without a socket, whose swarms are in memory or in a real Redis: what the contract is held against. */
import { ConnectionIds } from '../../../src/tracker/connection-id.ts';
import { createCounters } from '../../../src/tracker/counters.ts';
import { DatagramHandler, type DatagramState, DEFERRED } from '../../../src/tracker/handle-datagram.ts';
import { InfoHashSet } from '../../../src/tracker/info-hash-set.ts';
import { RandomSource } from '../../../src/tracker/random-source.ts';
import { openStoreClient } from '../../../src/tracker/store-client.ts';
import { StoreHandler } from '../../../src/tracker/store-handler.ts';
import { parseStoreUrl } from '../../../src/tracker/store-target.ts';
import { SwarmStore } from '../../../src/tracker/swarm-store.ts';
import type { UdpSocket } from '../../../src/wire/udp-socket.ts';
import {
  type AnnounceFields,
  announceRequest,
  connectRequest,
  hashBytes,
  type Sender,
  scrapeRequest,
} from '../tracker-fixture.ts';
import type { RedisServer } from './redis-server.ts';

const tableKey = Uint32Array.of(21, 22);

/** Options of a tracker that is held against the contract. */
export interface ContractOptions {
  readonly peersPerAddress?: number;
  /** Info hashes that are served, by number; absent: all. */
  readonly allowed?: readonly number[];
}

/** An announce's answer. */
interface Announced {
  readonly leechers: number;
  readonly seeders: number;
  /** Each peer's bytes in hexadecimal, sorted. */
  readonly peers: readonly string[];
}

export interface ContractTracker {
  announce(sender: Sender, fields?: AnnounceFields): Promise<Announced>;
  /** Seeders, downloads, leechers of each. */
  scrape(sender: Sender, hashes: readonly number[]): Promise<number[][]>;
  /** The answer to any datagram. */
  send(request: Uint8Array, sender: Sender): Promise<Buffer>;
  connect(sender: Sender): Promise<Buffer>;
  /** Lets the time of the swarms go on, and whoever looks for dead peers by himself look. */
  pass(seconds: number): Promise<void>;
  /** What was counted of the kind, both families. */
  counted(): { readonly downloads: number; readonly crowded: number };
  close(): Promise<void>;
}

/** A tracker whose swarms are in its own memory. */
export async function createMemoryTracker(options: ContractOptions = {}): Promise<ContractTracker> {
  const state = createState(options);
  const handler = new DatagramHandler(state);
  let nowS = 10_000;
  return createContract({
    exchange: async (request, sender) => {
      const response = Buffer.alloc(2048);
      handler.setTime(nowS);
      return response.subarray(0, handle(handler, request, sender, response));
    },
    pass: async (seconds) => {
      nowS += seconds;
      for (const store of [state.ipv4, state.ipv6]) {
        store.maintain(nowS * 1000 - 60_000, 0);
        store.maintain(nowS * 1000, 1_000_000);
      }
    },
    counted: () => ({
      downloads: state.ipv4.completedDownloads + state.ipv6.completedDownloads,
      crowded: state.ipv4.crowdedPeers + state.ipv6.crowdedPeers,
    }),
    close: async () => {},
  });
}

/** A tracker whose swarms are in Redis, which is emptied. */
export async function createStoreTracker(
  redis: RedisServer,
  url: string,
  options: ContractOptions = {},
): Promise<ContractTracker> {
  redis.command('flushall');
  const state = createState(options);
  const client = await openStoreClient(parseStoreUrl(url), { onUp: () => {}, onDown: () => {} });
  const { peersPerAddress } = options;
  const handler = new StoreHandler(state, client, {
    outage: 'refuse',
    random: new RandomSource([5, 6, 7, 8]),
    ...(peersPerAddress === undefined ? {} : { peersPerAddress }),
  });
  const socket = new AnswerSocket();
  handler.open(socket as unknown as UdpSocket);
  return createContract({
    exchange: async (request, sender) => {
      handler.setTime(10_000);
      handler.setTimeMs(10_000_000);
      const response = Buffer.alloc(2048);
      const length = handle(handler, request, sender, response);
      if (length !== DEFERRED) {
        return response.subarray(0, length);
      }
      const answer = socket.expectAnswer();
      handler.keepSender(0, socket as unknown as UdpSocket);
      handler.endBatch();
      return answer;
    },
    pass: async (seconds) => {
      redis.command('eval', AGE, '0', String(seconds));
    },
    counted: () => ({
      downloads: handler.storeCounters.completedDownloads,
      crowded: handler.storeCounters.crowdedPeers,
    }),
    close: () => handler.stop(),
  });
}

/** Makes all that Redis has older: scores and times to live are what stands in for time there. */
const AGE = `#!lua flags=allow-cross-slot-keys
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'zset' then
    local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for at = 1, #members, 2 do redis.call('ZADD', key, members[at + 1] - ARGV[1], members[at]) end
  end
  local left = redis.call('TTL', key) - ARGV[1]
  if left > 0 then redis.call('EXPIRE', key, left) else redis.call('DEL', key) end
end`;

/** The part of a socket that gives late answers; the number of the exchange is the sender's address. */
class AnswerSocket {
  readonly sendBytes = new Uint8Array(2048);
  private lastNumber = 0;
  private readonly waiting = new Map<number, (answer: Buffer) => void>();

  expectAnswer(): Promise<Buffer> {
    this.lastNumber++;
    return new Promise((resolve) => this.waiting.set(this.lastNumber, resolve));
  }

  slot(): number {
    return 0;
  }

  copySender(_index: number, target: Uint8Array): void {
    new DataView(target.buffer).setUint32(0, this.lastNumber);
  }

  replyTo(sender: Uint8Array, slot: number, length: number): void {
    const number = new DataView(sender.buffer).getUint32(0);
    const resolve = this.waiting.get(number);
    if (resolve === undefined) {
      throw new Error(`a second answer to exchange ${number}`);
    }
    this.waiting.delete(number);
    resolve(Buffer.from(this.sendBytes.subarray(slot, slot + length)));
  }

  flush(): void {}
}

interface Parts {
  readonly exchange: (request: Uint8Array, sender: Sender) => Promise<Buffer>;
  readonly pass: ContractTracker['pass'];
  readonly counted: ContractTracker['counted'];
  readonly close: ContractTracker['close'];
}

function createContract({ exchange, ...rest }: Parts): ContractTracker {
  const connect = async (sender: Sender): Promise<Buffer> =>
    Buffer.from((await exchange(connectRequest(), sender)).subarray(8));
  return {
    ...rest,
    send: exchange,
    connect,
    announce: async (sender, fields = {}) => {
      const answer = await exchange(announceRequest(await connect(sender), fields), sender);
      if (answer.readUInt32BE(0) !== 1 || answer.readUInt32BE(8) !== 1800) {
        throw new Error(`no answer to an announce: ${answer.toString('hex')}`);
      }
      const peerBytes = sender.family === 4 ? 6 : 18;
      const count = (answer.length - 20) / peerBytes;
      const peers = Array.from({ length: count }, (_, peer) =>
        answer.subarray(20 + peer * peerBytes, 20 + (peer + 1) * peerBytes).toString('hex'),
      );
      return {
        leechers: answer.readUInt32BE(12),
        seeders: answer.readUInt32BE(16),
        peers: peers.sort(),
      };
    },
    scrape: async (sender, hashes) => {
      const answer = await exchange(scrapeRequest(await connect(sender), hashes), sender);
      if (answer.readUInt32BE(0) !== 2 || answer.length !== 8 + 12 * hashes.length) {
        throw new Error(`no answer to a scrape: ${answer.toString('hex')}`);
      }
      return hashes.map((_, entry) => [0, 4, 8].map((field) => answer.readUInt32BE(8 + 12 * entry + field)));
    },
  };
}

function createState({ peersPerAddress, allowed }: ContractOptions): DatagramState {
  const limits = {
    key: tableKey,
    random: new RandomSource([1, 2, 3, 4]),
    peerLimit: 1_000_000,
    ...(peersPerAddress === undefined ? {} : { peersPerAddress }),
  };
  let list: InfoHashSet | null = null;
  if (allowed !== undefined) {
    list = new InfoHashSet(tableKey);
    for (const hash of allowed) {
      list.add(hashBytes(hash), 0);
    }
  }
  return {
    connectionIds: new ConnectionIds(Uint8Array.from({ length: 16 }, (_, index) => index)),
    ipv4: new SwarmStore({ peerBytes: 6, ...limits }),
    ipv6: new SwarmStore({ peerBytes: 18, ...limits }),
    allowed: list,
    connectLimit: null,
    counters: createCounters(),
  };
}

function handle(handler: DatagramHandler, request: Uint8Array, sender: Sender, response: Uint8Array): number {
  const address = new Uint8Array(16);
  address.set(sender.address);
  return handler.handle(request, 0, request.length, sender.family, address, sender.port, response, 0);
}
