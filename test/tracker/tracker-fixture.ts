/** A handler with its state, and requests byte by byte. */
import { ConnectRateLimit } from '../../src/tracker/connect-rate-limit.ts';
import { ConnectionIds } from '../../src/tracker/connection-id.ts';
import { createCounters, type TrackerCounters } from '../../src/tracker/counters.ts';
import { DatagramHandler, type DatagramState } from '../../src/tracker/handle-datagram.ts';
import { RandomSource } from '../../src/tracker/random-source.ts';
import { SwarmStore } from '../../src/tracker/swarm-store.ts';

const tableKey = Uint32Array.of(21, 22);

export interface Sender {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly port: number;
}

export function ipv4Sender(last = 1, port = 40_000): Sender {
  return { family: 4, address: Uint8Array.of(192, 0, 2, last), port };
}

export function ipv6Sender(last = 1, port = 40_000): Sender {
  const address = new Uint8Array(16);
  address.set([0x20, 0x01, 0x0d, 0xb8]);
  address[15] = last;
  return { family: 6, address, port };
}

/** A tracker without a socket. */
export class TestTracker {
  readonly state: DatagramState;
  readonly handler: DatagramHandler;
  nowS = 10_000;

  constructor({
    connectsPerMinute = 0,
    peerLimit = 1_000_000,
    swarmLimit = 1_000_000,
    peersPerAddress = 4000,
    announceIntervalS = 1800,
  } = {}) {
    const random = new RandomSource([1, 2, 3, 4]);
    const limits = { random, peerLimit, swarmLimit, peersPerAddress };
    this.state = {
      connectionIds: new ConnectionIds(Uint8Array.from({ length: 16 }, (_, index) => index)),
      ipv4: new SwarmStore({ peerBytes: 6, key: tableKey, ...limits }),
      ipv6: new SwarmStore({ peerBytes: 18, key: tableKey, ...limits }),
      allowed: null,
      connectLimit: connectsPerMinute === 0 ? null : new ConnectRateLimit(connectsPerMinute, tableKey),
      counters: createCounters(),
      announceIntervalS,
    };
    this.handler = new DatagramHandler(this.state);
  }

  /** The answer; empty where there is none. Checks that nothing is read or written outside the given ranges. */
  send(request: Uint8Array, sender: Sender): Buffer {
    const [start, at] = [13, 29];
    const datagram = new Uint8Array(start + request.length + 40).fill(0xa5);
    datagram.set(request, start);
    const response = Buffer.alloc(at + 2048, 0x5a);
    const address = new Uint8Array(16).fill(0xee);
    address.set(sender.address);
    this.handler.setTime(this.nowS);
    const length = this.handler.handle(
      datagram,
      start,
      request.length,
      sender.family,
      address,
      sender.port,
      response,
      at,
    );
    const outside = [...response.subarray(0, at), ...(length > 0 ? response.subarray(at + length) : [])];
    if (outside.some((byte) => byte !== 0x5a)) {
      throw new Error('bytes outside the answer were written');
    }
    return response.subarray(at, at + length);
  }

  /** An id for the sender, as 8 bytes. */
  connect(sender: Sender): Buffer {
    const answer = this.send(connectRequest(), sender);
    if (answer.length !== 16) {
      throw new Error(`connect was answered with ${answer.length} bytes`);
    }
    return Buffer.from(answer.subarray(8));
  }

  /** The counters that are not 0. */
  counted(): Partial<TrackerCounters> {
    return Object.fromEntries(Object.entries(this.state.counters).filter(([, count]) => count !== 0));
  }
}

export function connectRequest(transactionId = 0x01020304): Buffer {
  const request = Buffer.from('0000041727101980'.padEnd(32, '0'), 'hex');
  request.writeUInt32BE(transactionId, 12);
  return request;
}

export interface AnnounceFields {
  hash?: number;
  left?: bigint;
  event?: number;
  numWant?: number;
  port?: number;
  ip?: string;
  options?: readonly number[];
}

export function announceRequest(connectionId: Uint8Array, fields: AnnounceFields = {}): Buffer {
  const {
    hash = 1,
    left = 1000n,
    event = 0,
    numWant = -1,
    port = 6881,
    ip = '00000000',
    options = [],
  } = fields;
  const request = Buffer.alloc(98 + options.length);
  request.set(connectionId, 0);
  request.writeUInt32BE(1, 8);
  request.writeUInt32BE(0x0a0b0c0d, 12);
  request.set(hashBytes(hash), 16);
  request.write('-XX0001-abcdefghijkl', 36, 'latin1');
  request.writeBigUInt64BE(left, 64);
  request.writeUInt32BE(event, 80);
  request.write(ip, 84, 'hex');
  request.writeInt32BE(numWant, 92);
  request.writeUInt16BE(port, 96);
  request.set(options, 98);
  return request;
}

export function scrapeRequest(connectionId: Uint8Array, hashes: readonly number[]): Buffer {
  const head = Buffer.alloc(16);
  head.set(connectionId, 0);
  head.writeUInt32BE(2, 8);
  head.writeUInt32BE(0x0a0b0c0d, 12);
  return Buffer.concat([head, ...hashes.map(hashBytes)]);
}

export function hashBytes(number: number): Buffer {
  const bytes = Buffer.alloc(20, 0x77);
  bytes.writeUInt32BE(number, 16);
  return bytes;
}
