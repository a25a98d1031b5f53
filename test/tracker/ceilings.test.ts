/** What strangers can make a tracker keep, and that it goes on serving when it keeps no more. */
import { describe, expect, it } from 'vitest';
import { announceRequest, ipv4Sender, ipv6Sender, scrapeRequest, TestTracker } from './tracker-fixture.ts';

describe('at the ceiling of swarms', () => {
  it('a new one is refused and counted; those that are there get peers and give them', () => {
    const tracker = new TestTracker({ swarmLimit: 2 });
    const sender = ipv4Sender();
    const id = tracker.connect(sender);
    for (let hash = 1; hash <= 5; hash++) tracker.send(announceRequest(id, { hash }), sender);
    const { ipv4 } = tracker.state;
    expect([ipv4.swarmCount, ipv4.peerCount, ipv4.refusedSwarms, ipv4.refusedPeers]).toEqual([2, 2, 3, 0]);
    const reply = tracker.send(announceRequest(id, { hash: 1, port: 7000 }), sender);
    expect([reply.readUInt32BE(0), reply.length]).toEqual([1, 26]);
    expect(ipv4.peerCount).toBe(3);
    const refused = tracker.send(announceRequest(id, { hash: 9 }), sender);
    expect([refused.readUInt32BE(0), refused.length]).toEqual([1, 20]);
    expect(tracker.send(scrapeRequest(id, [1]), sender).readUInt32BE(8 + 8)).toBe(2);
  });

  it('there is room again when a swarm has gone', () => {
    const tracker = new TestTracker({ swarmLimit: 1 });
    const sender = ipv4Sender();
    const id = tracker.connect(sender);
    tracker.send(announceRequest(id, { hash: 1 }), sender);
    tracker.send(announceRequest(id, { hash: 1, event: 3 }), sender);
    tracker.send(announceRequest(id, { hash: 2 }), sender);
    expect(tracker.state.ipv4.swarmCount).toBe(1);
    expect(tracker.state.ipv4.refusedSwarms).toBe(0);
  });
});

describe.each([
  ['IPv4 address', ipv4Sender(1), ipv4Sender(2)],
  [
    'IPv6 /64',
    ipv6Sender(1),
    { ...ipv6Sender(1), address: ipv6Sender(1).address.map((byte, at) => (at === 7 ? 9 : byte)) },
  ],
])('peers of one %s', (_, crowd, other) => {
  const store = (tracker: TestTracker) => (crowd.family === 4 ? tracker.state.ipv4 : tracker.state.ipv6);

  it('fill no swarm: the bound holds, is counted, and others come in', () => {
    const tracker = new TestTracker({ peersPerAddress: 5 });
    const id = tracker.connect(crowd);
    for (let port = 1; port <= 300; port++) tracker.send(announceRequest(id, { port }), crowd);
    expect([store(tracker).peerCount, store(tracker).crowdedPeers]).toEqual([5, 295]);
    for (let port = 1; port <= 5; port++) tracker.send(announceRequest(id, { port }), crowd);
    expect(store(tracker).crowdedPeers, 'those that are in stay').toBe(295);
    tracker.send(announceRequest(tracker.connect(other)), other);
    expect(store(tracker).peerCount).toBe(6);
  });

  it('that have stopped or expired make room for others', () => {
    const tracker = new TestTracker({ peersPerAddress: 2 });
    const announce = (port: number, event = 0) =>
      tracker.send(announceRequest(tracker.connect(crowd), { port, event }), crowd);
    for (const port of [1, 2]) announce(port);
    announce(1, 3);
    announce(3);
    expect([store(tracker).peerCount, store(tracker).crowdedPeers]).toEqual([2, 0]);
    store(tracker).maintain(tracker.nowS * 1000, 1000);
    tracker.nowS += 3000;
    for (let second = 0; second < 130; second++)
      store(tracker).maintain((tracker.nowS + second) * 1000, 1000);
    expect(store(tracker).peerCount).toBe(0);
    for (const port of [4, 5, 6]) announce(port);
    expect([store(tracker).peerCount, store(tracker).crowdedPeers]).toEqual([2, 1]);
  });

  it('of other swarms do not count', () => {
    const tracker = new TestTracker({ peersPerAddress: 1 });
    const id = tracker.connect(crowd);
    for (let hash = 1; hash <= 50; hash++) tracker.send(announceRequest(id, { hash }), crowd);
    expect([store(tracker).peerCount, store(tracker).crowdedPeers]).toEqual([50, 0]);
  });
});
