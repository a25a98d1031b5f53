/** What a store that does not answer can make a tracker keep. */
import { describe, expect, it } from 'vitest';
import { ConnectionIds } from '../../../src/tracker/connection-id.ts';
import { createCounters } from '../../../src/tracker/counters.ts';
import { type DatagramState, DEFERRED } from '../../../src/tracker/handle-datagram.ts';
import { RandomSource } from '../../../src/tracker/random-source.ts';
import type { StoreClient } from '../../../src/tracker/store-client.ts';
import { MOST_WAITING, StoreDesk } from '../../../src/tracker/store-desk.ts';
import { MOST_SCRIPTS, StoreHandler } from '../../../src/tracker/store-handler.ts';
import { SwarmStore } from '../../../src/tracker/swarm-store.ts';
import type { UdpSocket } from '../../../src/wire/udp-socket.ts';
import { announceRequest, connectRequest, ipv4Sender, scrapeRequest } from '../tracker-fixture.ts';

type Settle = (reply: unknown) => void;

/** A store that keeps what it is asked. */
class SilentStore implements StoreClient {
  up = true;
  readonly asked: { readonly reply: Settle; readonly fail: (error: Error) => void }[] = [];
  get pending(): number {
    return this.asked.length;
  }
  run(_script: unknown, _keys: unknown, _args: unknown, reply: Settle, fail: (error: Error) => void): void {
    this.asked.push({ reply, fail });
  }
  flush(): void {}
  close(): void {}
}

function createTracker() {
  const key = Uint32Array.of(1, 2);
  const random = new RandomSource([1, 2, 3, 4]);
  const state: DatagramState = {
    connectionIds: new ConnectionIds(new Uint8Array(16)),
    ipv4: new SwarmStore({ peerBytes: 6, key, random, peerLimit: 10 }),
    ipv6: new SwarmStore({ peerBytes: 18, key, random, peerLimit: 10 }),
    allowed: null,
    connectLimit: null,
    counters: createCounters(),
  };
  const client = new SilentStore();
  const handler = new StoreHandler(state, client, { outage: 'refuse', random });
  const sent: Buffer[] = [];
  const sendBytes = new Uint8Array(2048);
  const socket = {
    sendBytes,
    slot: () => 0,
    copySender: () => {},
    replyTo: (_sender: Uint8Array, slot: number, length: number) =>
      sent.push(Buffer.from(sendBytes.subarray(slot, slot + length))),
    flush: () => {},
  } as unknown as UdpSocket;
  handler.open(socket);
  handler.setTime(100);
  handler.setTimeMs(100_000);
  const sender = ipv4Sender();
  const response = Buffer.alloc(2048);
  const send = (request: Uint8Array): number => {
    const length = handler.handle(request, 0, request.length, 4, sender.address, sender.port, response, 0);
    if (length === DEFERRED) handler.keepSender(0, socket);
    return length;
  };
  send(connectRequest());
  const id = Buffer.from(response.subarray(8, 16));
  return { handler, client, sent, send, id, state };
}

describe('a store that does not answer', () => {
  it('has so many scripts under way and no more; the rest is answered at once, by the policy', () => {
    const { handler, client, send, id, state } = createTracker();
    for (let port = 1; port <= MOST_SCRIPTS - 10; port++)
      expect(send(announceRequest(id, { port }))).toBe(DEFERRED);
    const hashes = Array.from({ length: 11 }, (_, hash) => hash);
    expect(send(scrapeRequest(id, hashes)), 'a scrape is one script for each hash').toBeGreaterThan(0);
    expect(send(scrapeRequest(id, hashes.slice(1)))).toBe(DEFERRED);
    expect(send(announceRequest(id, {}))).toBeGreaterThan(0);
    expect(client.asked.length).toBe(MOST_SCRIPTS);
    expect(handler.counters()).toMatchObject({ 'store.busy': 2, 'store.waiting': MOST_SCRIPTS - 9 });
    expect(state.counters['errors.storeUnavailable']).toBe(2);
  });

  it('has its requests answered after a second, once, and its late answers counted and thrown away', () => {
    const { handler, client, sent, send, id } = createTracker();
    send(announceRequest(id, {}));
    send(scrapeRequest(id, [1, 2]));
    handler.setTimeMs(100_999);
    handler.expire();
    expect(sent.length).toBe(0);
    handler.setTimeMs(101_000);
    handler.expire();
    handler.expire();
    expect(sent.map((answer) => answer.readUInt32BE(0))).toEqual([3, 3]);
    send(announceRequest(id, {}));
    const [announced, first] = client.asked;
    announced?.reply(Buffer.alloc(13));
    first?.reply(Buffer.alloc(12));
    expect(sent.length, 'the place serves another by now').toBe(2);
    expect(handler.counters()).toMatchObject({ 'store.timeouts': 2, 'store.unused': 2, 'store.waiting': 1 });
  });

  it.each([
    ['no bytes', 'text'],
    ['a short head', Buffer.alloc(12)],
    ['half a peer', Buffer.alloc(13 + 7)],
    ['more peers than were wanted', Buffer.alloc(13 + 6 * 51)],
  ])('or answers with %s is not believed', (_, reply) => {
    const { handler, client, sent, send, id } = createTracker();
    send(announceRequest(id, {}));
    client.asked[0]?.reply(reply);
    expect(sent[0]?.readUInt32BE(0)).toBe(3);
    expect(handler.counters()).toMatchObject({ 'store.errors': 1, 'store.waiting': 0 });
  });

  it('is not asked while it is away', () => {
    const { client, send, id } = createTracker();
    client.up = false;
    expect(send(announceRequest(id, {}))).toBeGreaterThan(0);
    expect(client.asked.length).toBe(0);
  });
});

describe('StoreDesk', () => {
  it('has a fixed number of places, each for another number every time', () => {
    const desk = new StoreDesk();
    const taken = Array.from({ length: MOST_WAITING }, (_, index) => desk.take(index));
    expect(taken.includes(null)).toBe(false);
    expect(desk.take(0)).toBe(null);
    expect(desk.overdue(9).length).toBe(10);
    const place = taken[0];
    if (!place) throw new Error('no place');
    const { number } = place;
    desk.release(place);
    expect(desk.overdue(9).length).toBe(9);
    expect(desk.take(5)).toBe(place);
    expect(place.number).not.toBe(number);
    expect(desk.waiting).toBe(MOST_WAITING);
  });
});
