import { describe, expect, it } from 'vitest';
import { createPeerBudget, PeerBudget } from '../../src/tracker/peer-budget.ts';
import { RandomSource } from '../../src/tracker/random-source.ts';
import { SwarmStore } from '../../src/tracker/swarm-store.ts';
import { hashBytes } from './tracker-fixture.ts';

interface Both {
  readonly budget: PeerBudget;
  readonly store: SwarmStore;
}

/** Two stores of one limit. */
function stores(limit: number): [Both, Both] {
  const memory = createPeerBudget(limit, 2);
  const open = (index: number): Both => {
    const budget = new PeerBudget(memory, index);
    const store = new SwarmStore({
      peerBytes: 6,
      key: Uint32Array.of(1, 2),
      random: new RandomSource([1, 2, 3, 4]),
      peerLimit: budget,
    });
    return { budget, store };
  };
  return [open(0), open(1)];
}

function announce(store: SwarmStore, peer: number, nowS = 0): void {
  const bytes = Uint8Array.of(10, 0, peer >>> 16, peer >>> 8, peer, 1);
  store.announce(hashBytes(1), 0, { peer: bytes, seeder: false, completed: false, nowS });
}

describe('a limit of peers over several stores', () => {
  it('is all there for one of them and is never passed', () => {
    const [first, second] = stores(1000);
    for (let peer = 0; peer < 1500; peer++) announce(first.store, peer);
    expect(first.store.peerCount).toBe(1000);
    expect(first.store.refusedPeers).toBe(500);
    announce(second.store, 1);
    expect(second.store.peerCount).toBe(0);
    expect(second.store.refusedPeers).toBe(1);
  });

  it('is filled by both to the last place', () => {
    const both = stores(1001);
    for (let peer = 0; peer < 2000; peer++) for (const { store } of both) announce(store, peer);
    expect(both.reduce((sum, { store }) => sum + store.peerCount, 0)).toBe(1001);
  });

  it('serves another store after peers have gone', () => {
    const [first, second] = stores(1000);
    for (let peer = 0; peer < 1000; peer++) announce(first.store, peer);
    first.store.maintain(0, 0);
    // All of them are too old by now.
    for (let nowMs = 4_000_000; nowMs < 4_130_000; nowMs += 1000) first.store.maintain(nowMs, 1000);
    expect(first.store.peerCount).toBe(0);
    for (let peer = 0; peer < 1000; peer++) announce(second.store, peer, 4000);
    expect(second.store.peerCount).toBeGreaterThan(900);
  });

  it('gets back what a store had whose thread is gone', () => {
    const [first, second] = stores(100);
    for (let peer = 0; peer < 100; peer++) announce(first.store, peer);
    first.budget.release();
    for (let peer = 0; peer < 150; peer++) announce(second.store, peer);
    expect(second.store.peerCount).toBe(100);
  });
});
