import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../src/tracker/random-source.ts';
import {
  announceRequest,
  connectRequest,
  ipv4Sender,
  ipv6Sender,
  scrapeRequest,
  TestTracker,
} from './tracker-fixture.ts';

const actions = [0, 1, 2, 3, 4, 0xffff_ffff];

/** Three peers in two swarms, and the state as scrapes and counts show it. */
function populate(tracker: TestTracker): () => unknown {
  const sender = ipv4Sender(200);
  const id = tracker.connect(sender);
  for (const port of [1, 2]) {
    tracker.send(announceRequest(id, { port, hash: 1 }), sender);
  }
  tracker.send(announceRequest(id, { port: 3, hash: 2, left: 0n }), sender);
  return () => {
    const { ipv4, ipv6 } = tracker.state;
    const scraped = tracker.send(scrapeRequest(tracker.connect(sender), [1, 2, 3]), sender);
    return [scraped.toString('hex'), ipv4.peerCount, ipv4.swarmCount, ipv6.peerCount, ipv6.swarmCount];
  };
}

function totalOf(counts: object, prefix: string): number {
  return Object.entries(counts)
    .filter(([name]) => name.startsWith(prefix))
    .reduce((sum, [, count]) => sum + Number(count), 0);
}

describe.each([
  ['IPv4', ipv4Sender(7)],
  ['IPv6', ipv6Sender(7)],
])('from a sender without an id over %s', (_, sender) => {
  it('every length from 0 to 255 of every action gets no more bytes than it has and changes nothing', () => {
    const tracker = new TestTracker();
    const look = populate(tracker);
    const before = look();
    for (const action of actions) {
      for (let length = 0; length <= 255; length++) {
        for (const fill of [0x00, 0xff, 0x41]) {
          const request = Buffer.alloc(length, fill);
          connectRequest().copy(request, 0, 0, 8);
          if (length >= 12) {
            request.writeUInt32BE(action, 8);
          }
          const answer = tracker.send(request, sender);
          expect(answer.length).toBe(action === 0 && length >= 16 ? 16 : 0);
          expect(answer.length).toBeLessThanOrEqual(length);
        }
      }
    }
    expect(look()).toEqual(before);
  });
});

describe.each([
  ['IPv4', ipv4Sender(7)],
  ['IPv6', ipv6Sender(7)],
])('from a sender with an id over %s', (_, sender) => {
  it('every length from 0 to 255 of every action is answered or dropped by the rules', () => {
    const tracker = new TestTracker();
    const look = populate(tracker);
    const before = look();
    for (const action of actions) {
      for (let length = 0; length <= 255; length++) {
        const request = Buffer.alloc(length, 0x00);
        tracker.connect(sender).copy(request);
        if (length >= 12) {
          request.writeUInt32BE(action, 8);
        }
        const answer = tracker.send(request, sender);
        if (length < 16 || action === 0) {
          expect(answer.length).toBe(0);
        } else if (action === 2 && length > 16 && (length - 16) % 20 === 0) {
          expect(answer.length).toBe(8 + (12 * (length - 16)) / 20);
        } else {
          // Announces too: those of 98 bytes and more are of port 0.
          expect(answer.readUInt32BE(0)).toBe(3);
        }
      }
    }
    expect(look()).toEqual(before);
  });

  it('a cut announce records nothing, a whole one records one peer whatever its length', () => {
    for (let length = 16; length <= 255; length++) {
      const tracker = new TestTracker();
      const request = Buffer.alloc(length, 0x01);
      announceRequest(tracker.connect(sender), { numWant: 50 }).copy(request);
      const answer = tracker.send(request, sender);
      const { ipv4, ipv6 } = tracker.state;
      expect(ipv4.peerCount + ipv6.peerCount).toBe(length < 98 ? 0 : 1);
      expect(answer.readUInt32BE(0)).toBe(length < 98 ? 3 : 1);
    }
  });
});

describe('random datagrams', () => {
  it('20,000 of them leave the swarms intact, are counted one by one, and get no more bytes than they have', () => {
    const tracker = new TestTracker();
    const look = populate(tracker);
    const before = look();
    const countsBefore = { ...tracker.state.counters };
    const random = new RandomSource([2026, 11, 24, 1]);
    const total = 20_000;
    for (let packet = 0; packet < total; packet++) {
      const request = Buffer.alloc(random.below(300));
      for (let byte = 0; byte < request.length; byte++) {
        request[byte] = random.below(256);
      }
      // Pure noise hits no action in 2^32: half of the packets get a real one, a quarter of these the magic number.
      if (request.length >= 16 && packet % 2 === 0) {
        request.writeUInt32BE(random.below(4), 8);
        if (random.below(4) === 0) {
          connectRequest().copy(request, 0, 0, 8);
        }
      }
      const sender = random.below(2) === 0 ? ipv4Sender(random.below(256)) : ipv6Sender(random.below(256));
      expect(tracker.send(request, sender).length).toBeLessThanOrEqual(request.length);
    }
    const counts = { ...tracker.state.counters };
    const added = (prefix: string) => totalOf(counts, prefix) - totalOf(countsBefore, prefix);
    expect(added('requests.') + added('drops.')).toBe(total);
    expect(added('requests.connect')).toBeGreaterThan(100);
    expect(counts['drops.forgedConnectionId']).toBeGreaterThan(5000);
    expect(look()).toEqual(before);
  });

  it('20,000 of them with a good id neither throw nor write outside the answer, and every answer can be read', () => {
    const tracker = new TestTracker({ peerLimit: 500 });
    const random = new RandomSource([2026, 11, 24, 2]);
    for (let packet = 0; packet < 20_000; packet++) {
      const sender = random.below(2) === 0 ? ipv4Sender(random.below(8)) : ipv6Sender(random.below(8));
      const request = Buffer.alloc(16 + random.below(200));
      for (let byte = 0; byte < request.length; byte++) {
        request[byte] = random.below(256);
      }
      tracker.connect(sender).copy(request);
      request.writeUInt32BE(1 + random.below(3), 8);
      if (request.length >= 98) {
        request.fill(0x33, 16, 35);
        request[35] = random.below(40);
        request.writeUInt32BE(random.below(5), 80);
      }
      const answer = tracker.send(request, sender);
      const action = answer.readUInt32BE(0);
      expect([1, 2, 3]).toContain(action);
      expect(answer.readUInt32BE(4)).toBe(request.readUInt32BE(12));
      const stride = sender.family === 4 ? 6 : 18;
      const rest = { 1: (answer.length - 20) % stride, 2: (answer.length - 8) % 12, 3: 0 }[action];
      expect(rest).toBe(0);
    }
    expect(tracker.state.ipv4.peerCount).toBeGreaterThan(100);
    expect(tracker.state.ipv4.peerCount).toBeLessThanOrEqual(500);
  });
});
