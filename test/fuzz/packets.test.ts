/** Both codecs under packets that fast-check makes: half of them almost right, so that they get past the first checks. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkResponse, countPeers, ResponseKind, readErrorText } from '../../src/lab/load/request-codec.ts';
import {
  announceRequest,
  connectRequest,
  hashBytes,
  ipv4Sender,
  ipv6Sender,
  type Sender,
  scrapeRequest,
  TestTracker,
} from '../tracker/tracker-fixture.ts';
import { amount, isNightly } from './amount.ts';

/** Of each codec. */
const PACKETS = amount(20_000, 1_000_000);
const PACKETS_A_RUN = 100;
const options = { seed: 2026, numRuns: PACKETS / PACKETS_A_RUN };
const timeout = isNightly ? 3_600_000 : 60_000;

const [PEER_LIMIT, SWARM_LIMIT, PER_ADDRESS] = [600, 60, 4];
/** What the heap and the buffers may grow by after the first tenth: what tables at their ceiling still move. */
const FLAT_BYTES = 4 * 1024 * 1024;

const packet = fc.record({
  family: fc.constantFrom(4 as const, 6 as const),
  /** The sender, one of 16; 200 is the one of the watched swarm. */
  last: fc.nat(15),
  id: fc.constantFrom('own', 'own', 'own', 'neighbour', 'old', 'random', 'protocol'),
  action: fc.oneof(fc.constantFrom(0, 1, 1, 1, 2, 3), fc.nat(0xffff_ffff)),
  shape: fc.constantFrom('announce', 'announce', 'scrape', 'noise'),
  hash: fc.oneof(fc.nat(3), fc.nat(99)),
  /** Of an announce: event, left, num_want and port. */
  event: fc.nat(4),
  left: fc.nat(1),
  numWant: fc.integer({ min: -2, max: 300 }),
  port: fc.nat(300),
  tail: fc.uint8Array({ maxLength: 60 }),
  /** Bytes cut off the end. */
  cut: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(120)),
});
type Packet = typeof packet extends fc.Arbitrary<infer Value> ? Value : never;

const senderOf = ({ family, last }: Pick<Packet, 'family' | 'last'>): Sender =>
  family === 4 ? ipv4Sender(last) : ipv6Sender(last);

function idOf(tracker: TestTracker, { id, family, last, tail }: Packet, old: Map<string, Buffer>): Buffer {
  if (id === 'protocol') return connectRequest().subarray(0, 8);
  if (id === 'random') return Buffer.from([...tail, 0, 1, 2, 3, 4, 5, 6, 7]).subarray(0, 8);
  if (id === 'old') return old.get(`${family}/${last}`) ?? Buffer.alloc(8);
  return tracker.connect(senderOf({ family, last: id === 'own' ? last : last + 16 }));
}

function bytesOf(id: Buffer, { shape, action, hash, event, left, numWant, port, tail, cut }: Packet): Buffer {
  const request =
    shape === 'announce'
      ? announceRequest(id, { hash, event, left: BigInt(left), numWant, port, options: [...tail] })
      : shape === 'scrape'
        ? scrapeRequest(id, [...tail])
        : Buffer.concat([id, Buffer.alloc(8), tail]);
  request.writeUInt32BE(action, 8);
  return request.subarray(0, Math.max(0, request.length - cut));
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function counted(tracker: TestTracker): number {
  return Object.entries(tracker.state.counters)
    .filter(([name]) => name.startsWith('requests.') || name.startsWith('drops.'))
    .reduce((sum, [, count]) => sum + count, 0);
}

test(`the tracker under ${PACKETS} packets keeps its swarms, its ceilings and its memory`, {
  timeout,
}, () => {
  const tracker = new TestTracker({
    peerLimit: PEER_LIMIT,
    swarmLimit: SWARM_LIMIT,
    peersPerAddress: PER_ADDRESS,
  });
  const old = new Map<string, Buffer>();
  for (const family of [4, 6] as const) {
    for (let last = 0; last < 16; last++) {
      old.set(`${family}/${last}`, tracker.connect(senderOf({ family, last })));
    }
  }
  tracker.nowS += 200;
  const watcher = ipv4Sender(200);
  const watched = 1_000_000;
  for (const port of [1, 2, 3]) {
    tracker.send(announceRequest(tracker.connect(watcher), { hash: watched, port }), watcher);
  }
  const look = () =>
    tracker.send(scrapeRequest(tracker.connect(watcher), [watched]), watcher).toString('hex');
  const before = look();
  let packets = 0;
  let usedAfterWarmUp = 0;
  fc.assert(
    fc.property(fc.array(packet, { minLength: PACKETS_A_RUN, maxLength: PACKETS_A_RUN }), (batch) => {
      for (const one of batch) {
        const request = bytesOf(idOf(tracker, one, old), one);
        const countedBefore = counted(tracker);
        const answer = tracker.send(request, senderOf(one));
        if (counted(tracker) !== countedBefore + 1) throw new Error('not counted once');
        // Only who has shown an id of his own address may get more than he sent.
        if (one.id !== 'own' && answer.length > request.length) throw new Error('amplified');
        if (answer.length > 1472) throw new Error('longer than a datagram');
        if (answer.length > 0 && answer.readUInt32BE(4) !== request.readUInt32BE(12)) {
          throw new Error('not the transaction');
        }
        packets++;
      }
      const { ipv4, ipv6 } = tracker.state;
      for (const store of [ipv4, ipv6]) {
        expect(store.peerCount).toBeLessThanOrEqual(PEER_LIMIT);
        expect(store.swarmCount).toBeLessThanOrEqual(SWARM_LIMIT);
        expect(store.swarmCount).toBeLessThanOrEqual(store.peerCount);
        store.maintain(tracker.nowS * 1000, 100);
      }
      // Time goes on, so that peers expire; the watched ones stay.
      tracker.nowS += 20;
      if (packets % (10 * PACKETS_A_RUN) === 0) {
        for (const port of [1, 2, 3]) {
          tracker.send(announceRequest(tracker.connect(watcher), { hash: watched, port }), watcher);
        }
      }
      if (packets >= PACKETS / 10 && usedAfterWarmUp === 0) usedAfterWarmUp = usedBytes();
    }),
    options,
  );
  expect(packets).toBe(PACKETS);
  expect(look()).toBe(before);
  expect(usedBytes() - usedAfterWarmUp).toBeLessThan(FLAT_BYTES);
  const { ipv4, ipv6, counters } = tracker.state;
  // The ceilings were reached, or nothing was tried.
  expect(ipv4.refusedSwarms + ipv6.refusedSwarms).toBeGreaterThan(0);
  expect(ipv4.crowdedPeers + ipv6.crowdedPeers).toBeGreaterThan(0);
  expect(ipv4.expiredPeers).toBeGreaterThan(0);
  for (const name of [
    'drops.forgedConnectionId',
    'errors.expiredConnectionId',
    'errors.badScrape',
  ] as const) {
    expect(counters[name], name).toBeGreaterThan(0);
  }
});

const reply = fc.record({
  asked: fc.constantFrom(0, 1, 2),
  action: fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.nat(0xffff_ffff)),
  peerBytes: fc.constantFrom(6, 18),
  scrapedHashes: fc.integer({ min: 1, max: 74 }),
  body: fc.uint8Array({ minLength: 4, maxLength: 200 }),
});

test(`the client under ${PACKETS} replies takes only what has the form of its answer`, { timeout }, () => {
  let [taken, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(reply, { minLength: PACKETS_A_RUN, maxLength: PACKETS_A_RUN }), (batch) => {
      for (const { asked, action, peerBytes, scrapedHashes, body } of batch) {
        const bytes = Buffer.alloc(4 + body.length);
        bytes.writeUInt32BE(action, 0);
        bytes.set(body, 4);
        const kind = checkResponse(asked, bytes, 0, bytes.length, { peerBytes, scrapedHashes });
        if (kind === ResponseKind.valid) {
          taken++;
          expect(action).toBe(asked);
          const peers = countPeers(bytes.length, peerBytes);
          if (asked === 1) expect(Number.isInteger(peers) && peers >= 0).toBe(true);
        } else {
          refused++;
          expect(kind === ResponseKind.error).toBe(action === 3);
        }
        const text = readErrorText(bytes, 0, bytes.length);
        if (text === '' || [...text].length > 120 || /\p{Cc}/u.test(text)) throw new Error(`text ${text}`);
      }
    }),
    options,
  );
  expect(taken).toBeGreaterThan(PACKETS / 100);
  expect(refused).toBeGreaterThan(PACKETS / 2);
});

test('what the tracker answers to a whole request is what the client takes', () => {
  const tracker = new TestTracker();
  fc.assert(
    fc.property(packet, fc.array(fc.nat(99), { minLength: 1, maxLength: 74 }), (one, hashes) => {
      const sender = senderOf(one);
      const id = tracker.connect(sender);
      const shape = { peerBytes: one.family === 4 ? 6 : 18, scrapedHashes: hashes.length };
      const { hash, event, numWant } = one;
      const announced = tracker.send(
        announceRequest(id, { hash, event, numWant, port: 1 + one.port }),
        sender,
      );
      expect(checkResponse(1, announced, 0, announced.length, shape)).toBe(ResponseKind.valid);
      const scraped = tracker.send(scrapeRequest(id, hashes), sender);
      expect(checkResponse(2, scraped, 0, scraped.length, shape)).toBe(ResponseKind.valid);
      expect(hashBytes(hash)).toHaveLength(20);
    }),
    { seed: 3, numRuns: 500 },
  );
});
