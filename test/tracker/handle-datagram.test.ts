import { describe, expect, it } from 'vitest';
import { InfoHashSet } from '../../src/tracker/info-hash-set.ts';
import {
  announceRequest,
  connectRequest,
  hashBytes,
  ipv4Sender,
  ipv6Sender,
  type Sender,
  scrapeRequest,
  TestTracker,
} from './tracker-fixture.ts';

function announced(answer: Buffer, peerBytes = 6) {
  expect(answer.readUInt32BE(0)).toBe(1);
  expect((answer.length - 20) % peerBytes).toBe(0);
  return {
    interval: answer.readUInt32BE(8),
    leechers: answer.readUInt32BE(12),
    seeders: answer.readUInt32BE(16),
    peers: Array.from({ length: (answer.length - 20) / peerBytes }, (_, peer) =>
      answer.subarray(20 + peer * peerBytes, 20 + (peer + 1) * peerBytes).toString('hex'),
    ).sort(),
  };
}

function errorText(answer: Buffer): string {
  expect(answer.subarray(0, 8).toString('hex')).toBe('000000030a0b0c0d');
  return answer.subarray(8).toString('latin1');
}

describe('connect', () => {
  it('is answered byte by byte as BEP 15 has it', () => {
    const tracker = new TestTracker();
    const answer = tracker.send(Buffer.from('00000417271019800000000012345678', 'hex'), ipv4Sender());
    expect(answer.length).toBe(16);
    expect(answer.subarray(0, 8).toString('hex')).toBe('0000000012345678');
    expect(tracker.counted()).toEqual({ 'requests.connect': 1 });
  });

  it('accepts a longer datagram and refuses another protocol id', () => {
    const tracker = new TestTracker();
    expect(tracker.send(Buffer.concat([connectRequest(), Buffer.alloc(50)]), ipv4Sender()).length).toBe(16);
    const other = connectRequest();
    other[7] = 0x81;
    expect(tracker.send(other, ipv4Sender()).length).toBe(0);
    expect(tracker.counted()).toEqual({ 'requests.connect': 1, 'drops.badProtocolId': 1 });
  });

  it('is limited for each address where that is asked for', () => {
    const tracker = new TestTracker({ connectsPerMinute: 2 });
    const answers = [1, 1, 1, 2].map((last) => tracker.send(connectRequest(), ipv4Sender(last)).length);
    expect(answers).toEqual([16, 16, 0, 16]);
    expect(tracker.counted()).toEqual({ 'requests.connect': 3, 'drops.connectLimit': 1 });
  });
});

describe('the connection id', () => {
  const sender = ipv4Sender();

  it('serves many requests for two minutes, from any port of the address', () => {
    const tracker = new TestTracker();
    const id = tracker.connect(sender);
    for (const ageS of [0, 60, 120]) {
      tracker.nowS = 10_000 + ageS;
      expect(tracker.send(announceRequest(id), ipv4Sender(1, 50_000 + ageS)).length).toBe(20);
      expect(tracker.send(scrapeRequest(id, [1]), sender).length).toBe(20);
    }
  });

  it('that expired is answered with an error that is shorter than the request, and records nothing', () => {
    const tracker = new TestTracker();
    const id = tracker.connect(sender);
    tracker.nowS += 121;
    for (const request of [announceRequest(id), scrapeRequest(id, [1])]) {
      const answer = tracker.send(request, sender);
      expect(errorText(answer)).toBe('connection id expired');
      expect(answer.length).toBeLessThan(request.length);
    }
    expect(tracker.send(scrapeRequest(id, []), sender).length, 'no room for the text').toBe(0);
    expect(tracker.state.ipv4.peerCount).toBe(0);
    expect(tracker.counted()).toEqual({
      'requests.connect': 1,
      'requests.announce': 1,
      'requests.scrape': 1,
      'errors.expiredConnectionId': 2,
      'drops.expiredConnectionId': 1,
    });
  });

  it('of another address, or made up, gets silence', () => {
    const tracker = new TestTracker();
    const id = tracker.connect(sender);
    for (const [wrong, from] of [
      [id, ipv4Sender(2)],
      [id, ipv6Sender()],
      [Buffer.alloc(8), sender],
      [connectRequest().subarray(0, 8), sender],
    ] as const) {
      expect(tracker.send(announceRequest(wrong), from).length).toBe(0);
      expect(tracker.send(scrapeRequest(wrong, [1]), from).length).toBe(0);
    }
    expect(tracker.counted()).toEqual({ 'requests.connect': 1, 'drops.forgedConnectionId': 8 });
    expect(tracker.state.ipv4.peerCount + tracker.state.ipv6.peerCount).toBe(0);
  });
});

describe('announce', () => {
  function join(tracker: TestTracker, sender: Sender, fields = {}): Buffer {
    return Buffer.from(tracker.send(announceRequest(tracker.connect(sender), fields), sender));
  }

  it('is answered byte by byte as BEP 15 has it', () => {
    const tracker = new TestTracker();
    join(tracker, ipv4Sender(9), { left: 0n, port: 0x1ae1 });
    const answer = join(tracker, ipv4Sender(1));
    // action 1, transaction id, interval 1800, 1 leecher, 1 seeder, 192.0.2.9:6881
    expect(answer.toString('hex')).toBe('000000010a0b0c0d000007080000000100000001c00002091ae1');
  });

  it('is answered with another interval where the tracker has one', () => {
    const tracker = new TestTracker({ announceIntervalS: 900 });
    expect(join(tracker, ipv4Sender(1)).readUInt32BE(8)).toBe(900);
  });

  it('is answered byte by byte over IPv6, from a swarm of its own', () => {
    const tracker = new TestTracker();
    join(tracker, ipv4Sender(9));
    join(tracker, ipv6Sender(9), { left: 0n });
    const answer = join(tracker, ipv6Sender(1));
    expect(answer.toString('hex')).toBe(
      '000000010a0b0c0d00000708000000010000000120010db8000000000000000000000009' + '1ae1',
    );
    expect([tracker.state.ipv4.peerCount, tracker.state.ipv6.peerCount]).toEqual([1, 2]);
  });

  it('does not give back the peer that announces, knows it by address and port, and ignores the ip field', () => {
    const tracker = new TestTracker();
    expect(announced(join(tracker, ipv4Sender(1), { ip: '0a000001' }))).toMatchObject({
      leechers: 1,
      peers: [],
    });
    expect(announced(join(tracker, ipv4Sender(1), { ip: '0a000002' }))).toMatchObject({
      leechers: 1,
      peers: [],
    });
    expect(announced(join(tracker, ipv4Sender(1), { port: 6882 }))).toMatchObject({
      leechers: 2,
      peers: ['c00002011ae1'],
    });
  });

  it.each([
    ['0', 0n, 0, 1],
    ['1', 1n, 1, 0],
    ['2^32', 0x1_0000_0000n, 1, 0],
    ['2^64 - 1, as clients say that do not know', 0xffff_ffff_ffff_ffffn, 1, 0],
  ])('with %s bytes left', (_, left, leechers, seeders) => {
    expect(announced(join(new TestTracker(), ipv4Sender(), { left }))).toMatchObject({ leechers, seeders });
  });

  it.each<[number, number]>([
    [-1, 50],
    [-2, 50],
    [0, 0],
    [1, 1],
    [50, 50],
    [200, 200],
    [242, 242],
    [243, 242],
    [0x7fff_ffff, 242],
  ])('that wants %i peers gets %i over IPv4', (numWant, expected) => {
    const tracker = new TestTracker();
    for (let port = 1; port <= 300; port++) {
      join(tracker, ipv4Sender(2), { port, numWant: 0 });
    }
    const answer = join(tracker, ipv4Sender(1), { numWant });
    expect(announced(answer).peers.length).toBe(expected);
    expect(answer.length).toBeLessThanOrEqual(1472);
  });

  it.each<[number, number]>([
    [-1, 50],
    [0, 0],
    [79, 79],
    [80, 79],
    [242, 79],
  ])('that wants %i peers gets %i over IPv6', (numWant, expected) => {
    const tracker = new TestTracker();
    for (let port = 1; port <= 100; port++) {
      join(tracker, ipv6Sender(2), { port, numWant: 0 });
    }
    const answer = join(tracker, ipv6Sender(1), { numWant });
    expect(announced(answer, 18).peers.length).toBe(expected);
    expect(answer.length).toBeLessThanOrEqual(1452);
  });

  it('that says stopped takes the peer out and gets no peers', () => {
    const tracker = new TestTracker();
    join(tracker, ipv4Sender(1));
    join(tracker, ipv4Sender(2));
    expect(announced(join(tracker, ipv4Sender(1), { event: 3 }))).toMatchObject({ leechers: 1, peers: [] });
    expect(announced(join(tracker, ipv4Sender(1), { event: 3 }))).toMatchObject({ leechers: 1 });
    expect(announced(join(tracker, ipv4Sender(2), { event: 3 }))).toMatchObject({ leechers: 0, seeders: 0 });
    expect([tracker.state.ipv4.peerCount, tracker.state.ipv4.swarmCount]).toEqual([0, 0]);
  });

  it('that is cut is an error, names no peer and makes no swarm', () => {
    const tracker = new TestTracker();
    const id = tracker.connect(ipv4Sender());
    const whole = announceRequest(id);
    expect(errorText(tracker.send(whole.subarray(0, 97), ipv4Sender()))).toBe(
      'announce is shorter than 98 bytes',
    );
    expect(tracker.state.ipv4.swarmCount).toBe(0);
    expect(tracker.counted()).toMatchObject({ 'errors.shortAnnounce': 1 });
  });

  it('of port 0 is refused; a sender with port 0 is not answered', () => {
    const tracker = new TestTracker();
    expect(errorText(join(tracker, ipv4Sender(), { port: 0 }))).toBe('port 0 cannot be announced');
    expect(tracker.send(connectRequest(), ipv4Sender(1, 0)).length).toBe(0);
    expect(tracker.state.ipv4.peerCount).toBe(0);
    expect(tracker.counted()).toMatchObject({ 'errors.portZero': 1, 'drops.sourcePortZero': 1 });
  });

  it('with options of BEP 41 stands, also where they are cut', () => {
    const tracker = new TestTracker();
    expect(
      announced(join(tracker, ipv4Sender(1), { options: [2, 4, 0x2f, 0x61, 0x62, 0x63, 0] })).leechers,
    ).toBe(1);
    expect(announced(join(tracker, ipv4Sender(2), { options: [2, 200, 1] })).leechers).toBe(2);
    expect(announced(join(tracker, ipv4Sender(3), { options: [0, 0, 0] })).leechers).toBe(3);
    expect(tracker.counted()).toMatchObject({
      'options.urlData': 1,
      'options.cut': 1,
      'requests.announce': 3,
    });
  });

  it('of a hash that is not on the whitelist is an error', () => {
    const tracker = new TestTracker();
    join(tracker, ipv4Sender(1), { hash: 5 });
    tracker.state.allowed = new InfoHashSet(Uint32Array.of(1, 1));
    tracker.state.allowed.add(hashBytes(4), 0);
    expect(announced(join(tracker, ipv4Sender(1), { hash: 4 })).leechers).toBe(1);
    expect(errorText(join(tracker, ipv4Sender(2), { hash: 5 }))).toContain('not on the whitelist');
    const scraped = tracker.send(scrapeRequest(tracker.connect(ipv4Sender()), [5, 4]), ipv4Sender());
    expect([scraped.readUInt32BE(8 + 8), scraped.readUInt32BE(20 + 8)]).toEqual([0, 1]);
    expect(tracker.counted()).toMatchObject({ 'requests.announce': 3, 'errors.notOnWhitelist': 1 });
  });
});

describe('scrape', () => {
  it('is answered byte by byte as BEP 15 has it, in the order of the request', () => {
    const tracker = new TestTracker();
    const sender = ipv4Sender();
    const id = tracker.connect(sender);
    const announce = (fields: Parameters<typeof announceRequest>[1]) =>
      tracker.send(announceRequest(id, fields), sender);
    announce({ hash: 1, port: 1 });
    announce({ hash: 1, port: 2, left: 0n });
    announce({ hash: 1, port: 1, left: 0n, event: 1 });
    announce({ hash: 1, port: 1, left: 0n, event: 1 });
    announce({ hash: 2, port: 3, event: 2 });
    const answer = tracker.send(scrapeRequest(id, [2, 9, 1, 2]), sender);
    const entry = (seeders: number, completed: number, leechers: number) =>
      [seeders, completed, leechers].map((count) => count.toString(16).padStart(8, '0')).join('');
    expect(answer.toString('hex')).toBe(
      `000000020a0b0c0d${entry(0, 0, 1)}${entry(0, 0, 0)}${entry(2, 1, 0)}${entry(0, 0, 1)}`,
    );
  });

  it.each([1, 2, 73, 74, 75, 100])('of %i hashes answers 74 at most', (count) => {
    const tracker = new TestTracker();
    const id = tracker.connect(ipv4Sender());
    const hashes = Array.from({ length: count }, (_, hash) => hash);
    expect(tracker.send(scrapeRequest(id, hashes), ipv4Sender()).length).toBe(8 + 12 * Math.min(count, 74));
  });

  it('without a hash, or with a part of one, is an error', () => {
    const tracker = new TestTracker();
    const id = tracker.connect(ipv4Sender());
    const two = scrapeRequest(id, [1, 2]);
    for (const length of [16, 17, 35, 37, 55]) {
      expect(errorText(tracker.send(two.subarray(0, length), ipv4Sender()))).toContain('scrape needs');
    }
    expect(tracker.counted()).toMatchObject({ 'requests.scrape': 5, 'errors.badScrape': 5 });
  });
});

describe('another action', () => {
  it('is an error for a sender that is proven, and silence for any other', () => {
    const tracker = new TestTracker();
    const request = scrapeRequest(tracker.connect(ipv4Sender()), [1]);
    for (const action of [3, 4, 0x0100_0000, 0xffff_ffff]) {
      request.writeUInt32BE(action, 8);
      expect(errorText(tracker.send(request, ipv4Sender()))).toBe('unknown action');
      expect(tracker.send(request, ipv4Sender(2)).length).toBe(0);
    }
    expect(tracker.counted()).toMatchObject({ 'requests.other': 4, 'errors.unknownAction': 4 });
  });
});
