import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../src/tracker/random-source.ts';
import { PEER_LIFETIME_S, peerLifetimeS, SwarmStore } from '../../src/tracker/swarm-store.ts';
import { NO_SWARM } from '../../src/tracker/swarm-table.ts';

/** A store that is as slow and as plain as can be. */
class PlainStore {
  readonly swarms = new Map<
    string,
    { completed: number; peers: Map<string, { seeder: boolean; seenS: number }> }
  >();
  completedDownloads = 0;

  announce(hash: string, peer: string, seeder: boolean, completed: boolean, nowS: number): void {
    const swarm = this.swarms.get(hash) ?? { completed: 0, peers: new Map() };
    this.swarms.set(hash, swarm);
    if (completed && seeder && swarm.peers.get(peer)?.seeder !== true) {
      swarm.completed++;
      this.completedDownloads++;
    }
    swarm.peers.set(peer, { seeder, seenS: nowS });
  }

  stop(hash: string, peer: string): void {
    const swarm = this.swarms.get(hash);
    swarm?.peers.delete(peer);
    if (swarm?.peers.size === 0) {
      this.swarms.delete(hash);
    }
  }

  expire(nowS: number): void {
    for (const [hash, swarm] of this.swarms) {
      for (const [peer, { seenS }] of swarm.peers) {
        if (nowS - seenS > PEER_LIFETIME_S) {
          this.stop(hash, peer);
        }
      }
    }
  }

  peers(hash: string): string[] {
    return [...(this.swarms.get(hash)?.peers.keys() ?? [])];
  }

  leechers(hash: string): string[] {
    return this.peers(hash).filter((peer) => !this.swarms.get(hash)?.peers.get(peer)?.seeder);
  }
}

function hashBytes(number: number): Uint8Array {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32BE(number, 12);
  return bytes;
}

function peerOf(number: number, peerBytes: number): Uint8Array {
  const bytes = Buffer.alloc(peerBytes, 0x11);
  bytes.writeUInt32BE(number, peerBytes - 4);
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function createStore(peerBytes: number, peerLimit = 1_000_000, peerLifetimeS = PEER_LIFETIME_S): SwarmStore {
  return new SwarmStore({
    peerBytes,
    key: Uint32Array.of(1, 2),
    random: new RandomSource([1, 2, 3, 4]),
    peerLimit,
    peerLifetimeS,
  });
}

function announce(
  store: SwarmStore,
  hash: number,
  peer: number,
  { seeder = false, completed = false, nowS = 0 } = {},
): number {
  const note = { peer: peerOf(peer, store.peerBytes), seeder, completed, nowS };
  return store.announce(hashBytes(hash), 0, note);
}

function sample(store: SwarmStore, seeder: boolean, wanted: number): string[] {
  const target = new Uint8Array(242 * 18);
  const count = store.writePeers(seeder, wanted, target, 0);
  return Array.from({ length: count }, (_, peer) =>
    hex(target.subarray(peer * store.peerBytes, (peer + 1) * store.peerBytes)),
  );
}

/** Sweeps over everything, as the timer does within a minute. */
function sweepAll(store: SwarmStore, nowS: number): void {
  store.maintain(nowS * 1000 - 60_000, 0);
  store.maintain(nowS * 1000, 1_000_000);
}

function expectEqual(store: SwarmStore, plain: PlainStore, hash: number): void {
  const swarm = store.find(hashBytes(hash), 0);
  const expected = plain.swarms.get(String(hash));
  expect(swarm === NO_SWARM).toBe(expected === undefined);
  if (expected !== undefined) {
    expect(store.leechers(swarm)).toBe(plain.leechers(String(hash)).length);
    expect(store.leechers(swarm) + store.seeders(swarm)).toBe(expected.peers.size);
    expect(store.completed(swarm)).toBe(expected.completed);
  }
}

describe.each([6, 18])('SwarmStore with peers of %i bytes', (peerBytes) => {
  it('agrees with a plain store, whatever happens', () => {
    const step = fc.record({
      kind: fc.constantFrom('announce', 'announce', 'announce', 'announce', 'stop', 'wait'),
      hash: fc.nat(2),
      peer: fc.nat(90),
      seeder: fc.boolean(),
      completed: fc.boolean(),
      wanted: fc.nat(60),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(0, 60, 125, 190),
        fc.array(step, { maxLength: 400, size: 'max' }),
        (there, steps) => {
          const store = createStore(peerBytes);
          const plain = new PlainStore();
          let nowS = 65_000;
          // With so many in swarm 0 at the start, it crosses the size from which peers are indexed, both ways.
          for (let peer = 1000; peer < 1000 + there; peer++) {
            announce(store, 0, peer, { seeder: peer % 2 === 0, nowS });
            plain.announce('0', hex(peerOf(peer, peerBytes)), peer % 2 === 0, false, nowS);
          }
          for (const { kind, hash, peer, seeder, completed, wanted } of steps) {
            const peerHex = hex(peerOf(peer, peerBytes));
            if (kind === 'announce') {
              announce(store, hash, peer, { seeder, completed, nowS });
              plain.announce(String(hash), peerHex, seeder, completed, nowS);
              const others = (seeder ? plain.leechers(String(hash)) : plain.peers(String(hash))).filter(
                (other) => other !== peerHex,
              );
              const drawn = sample(store, seeder, wanted);
              expect(drawn.length).toBe(Math.min(wanted, others.length));
              expect(new Set(drawn).size).toBe(drawn.length);
              expect(drawn.every((other) => others.includes(other))).toBe(true);
            } else if (kind === 'stop') {
              store.stop(hashBytes(hash), 0, peerOf(peer, peerBytes));
              plain.stop(String(hash), peerHex);
            } else {
              nowS += peer * 10;
              sweepAll(store, nowS);
              plain.expire(nowS);
            }
            expectEqual(store, plain, hash);
          }
          const peers = [...plain.swarms.values()].reduce((sum, swarm) => sum + swarm.peers.size, 0);
          expect(store.peerCount).toBe(peers);
          expect(store.swarmCount).toBe(plain.swarms.size);
          expect(store.completedDownloads).toBe(plain.completedDownloads);
        },
      ),
      { seed: 4, numRuns: 60 },
    );
  });

  it('grows to many swarms and one large one, finds all of it, and forgets all of it', () => {
    const store = createStore(peerBytes);
    for (let number = 0; number < 5000; number++) {
      announce(store, number, 1, { nowS: 10 });
      announce(store, 777, number + 10, { seeder: number % 3 === 0, nowS: 10 });
    }
    expect([store.swarmCount, store.peerCount]).toEqual([5000, 10_000]);
    const swarm = store.find(hashBytes(777), 0);
    expect([store.seeders(swarm), store.leechers(swarm)]).toEqual([1667, 3334]);
    announce(store, 777, 4000, { nowS: 11 });
    expect(store.peerCount).toBe(10_000);
    expect(new Set(sample(store, false, 242)).size).toBe(242);
    for (let number = 0; number < 5000; number++) {
      store.stop(hashBytes(777), 0, peerOf(number + 10, peerBytes));
      store.stop(hashBytes(number), 0, peerOf(1, peerBytes));
    }
    expect([store.swarmCount, store.peerCount]).toEqual([0, 0]);
  });
});

describe('SwarmStore', () => {
  it('keeps a peer for its lifetime and not longer than a sweep more', () => {
    const store = createStore(6);
    announce(store, 1, 1, { nowS: 0 });
    announce(store, 1, 2, { nowS: 100 });
    sweepAll(store, PEER_LIFETIME_S);
    expect(store.peerCount).toBe(2);
    sweepAll(store, PEER_LIFETIME_S + 1);
    expect([store.peerCount, store.expiredPeers]).toEqual([1, 1]);
    sweepAll(store, PEER_LIFETIME_S + 101);
    expect([store.peerCount, store.swarmCount, store.expiredPeers]).toEqual([0, 0, 2]);
  });

  it('keeps a peer for nine eighths of another interval, too', () => {
    expect([peerLifetimeS(1800), peerLifetimeS(8), peerLifetimeS(1)]).toEqual([2025, 9, 2]);
    const store = createStore(6, 10, peerLifetimeS(8));
    announce(store, 1, 1, { nowS: 1000 });
    sweepAll(store, 1009);
    expect(store.peerCount).toBe(1);
    sweepAll(store, 1010);
    expect(store.peerCount).toBe(0);
  });

  it('sweeps a bounded part at a time, and all of it within a minute of timer turns', () => {
    const store = createStore(6);
    const peers = 40_000;
    for (let peer = 0; peer < peers; peer++) {
      announce(store, peer % 100, peer, { nowS: 0 });
    }
    const startMs = (PEER_LIFETIME_S + 1) * 1000;
    store.maintain(startMs, 8192);
    let most = 0;
    let before = store.peerCount;
    for (let turn = 1; turn <= 601; turn++) {
      store.maintain(startMs + turn * 100, 8192);
      most = Math.max(most, before - store.peerCount);
      before = store.peerCount;
    }
    expect(store.peerCount).toBe(0);
    // An even share of a minute: 1/600 of the peers and of the slots for swarms.
    expect(most).toBeLessThanOrEqual(100);
    expect(most).toBeGreaterThan(50);
  });

  it('gets on within a minute when requests call it so often that one step is due at a time', () => {
    const store = createStore(6);
    for (let peer = 0; peer < 1000; peer++) {
      announce(store, peer % 10, peer, { nowS: 0 });
    }
    const startMs = (PEER_LIFETIME_S + 1) * 1000;
    for (let callMs = 0; callMs <= 61_000; callMs += 5) {
      store.maintain(startMs + callMs, 4);
    }
    expect([store.peerCount, store.swarmCount, store.expiredPeers]).toEqual([0, 0, 1000]);
  });

  it('never looks at more than it is allowed, however late it is called', () => {
    const store = createStore(6);
    for (let peer = 0; peer < 1000; peer++) {
      announce(store, 1, peer, { nowS: 0 });
    }
    store.maintain(0, 100);
    store.maintain(10 * PEER_LIFETIME_S * 1000, 100);
    expect(store.expiredPeers).toBeGreaterThan(0);
    expect(store.expiredPeers).toBeLessThanOrEqual(100);
  });

  it('counts one download for a peer that completes, and none for one that starts complete', () => {
    const store = createStore(6);
    const completedOf = (hash: number) => store.completed(store.find(hashBytes(hash), 0));
    announce(store, 1, 1, { seeder: true });
    expect(completedOf(1)).toBe(0);
    announce(store, 1, 1, { seeder: true, completed: true });
    expect(completedOf(1), 'known as a seeder already').toBe(0);
    announce(store, 1, 2);
    announce(store, 1, 2, { seeder: true, completed: true });
    announce(store, 1, 2, { seeder: true, completed: true });
    expect(completedOf(1), 'the repeated datagram counts once').toBe(1);
    announce(store, 1, 3, { completed: true });
    expect(completedOf(1), 'something is left: not complete').toBe(1);
  });

  it('gives leechers peers of both kinds and seeders leechers only', () => {
    const store = createStore(6);
    announce(store, 1, 1, { seeder: true });
    announce(store, 1, 2, { seeder: true });
    announce(store, 1, 3);
    expect(sample(store, false, 50).sort()).toEqual([1, 2].map((peer) => hex(peerOf(peer, 6))));
    announce(store, 1, 1, { seeder: true });
    expect(sample(store, true, 50)).toEqual([hex(peerOf(3, 6))]);
  });

  it('takes in no more peers than its limit, and still answers', () => {
    const store = createStore(6, 2);
    announce(store, 1, 1);
    announce(store, 1, 2);
    expect(announce(store, 2, 3)).toBe(NO_SWARM);
    const swarm = announce(store, 1, 3);
    expect(store.leechers(swarm)).toBe(2);
    expect(sample(store, false, 50).length).toBe(2);
    announce(store, 1, 2, { seeder: true });
    expect(store.seeders(store.find(hashBytes(1), 0))).toBe(1);
    expect([store.peerCount, store.refusedPeers]).toEqual([2, 2]);
  });
});
