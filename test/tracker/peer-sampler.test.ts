import { describe, expect, it } from 'vitest';
import { PeerSampler, type SampleRequest } from '../../src/tracker/peer-sampler.ts';
import { RandomSource } from '../../src/tracker/random-source.ts';

/** Peers whose six bytes are their number. */
function numbered(count: number): Uint8Array {
  const bytes = Buffer.alloc(6 * count);
  for (let peer = 0; peer < count; peer++) {
    bytes.writeUIntBE(peer, 6 * peer, 6);
  }
  return bytes;
}

const target = Buffer.alloc(2000);

function draw(sampler: PeerSampler, request: Partial<SampleRequest> & { bytes: Uint8Array }): number[] {
  const population = request.bytes.length / 6;
  const whole = { firstPeerAt: 0, peerBytes: 6, excluded: -1, wanted: 50, population, ...request };
  const count = sampler.write(whole, target, 20);
  return Array.from({ length: count }, (_, peer) => target.readUIntBE(20 + 6 * peer, 6));
}

describe('PeerSampler', () => {
  const sampler = new PeerSampler(new RandomSource([1, 2, 3, 4]), 242);

  it.each([
    [0, 50, -1],
    [1, 50, 0],
    [1, 50, -1],
    [50, 50, 10],
    [51, 50, 10],
    [51, 50, 51],
    [10, 0, 3],
    [1000, 242, 999],
    [100_000, 242, 0],
  ])(
    'from %i peers, %i wanted, number %i left out: distinct ones of the population',
    (population, wanted, excluded) => {
      target.fill(0xff);
      const peers = draw(sampler, { bytes: numbered(population), wanted, excluded });
      const others = excluded >= 0 && excluded < population ? population - 1 : population;
      expect(peers.length).toBe(Math.min(wanted, others));
      expect(new Set(peers).size).toBe(peers.length);
      const around = Buffer.concat([target.subarray(0, 20), target.subarray(20 + 6 * peers.length)]);
      expect(around.every((byte) => byte === 0xff)).toBe(true);
      expect(peers).not.toContain(excluded);
      expect(peers.every((peer) => peer < population)).toBe(true);
    },
  );

  it('draws every peer equally often, wherever it stands', () => {
    const population = 100;
    const wanted = 7;
    const excluded = 42;
    const rounds = 20_000;
    const counts = new Array<number>(population).fill(0);
    const bytes = numbered(population);
    const seeded = new PeerSampler(new RandomSource([9, 8, 7, 6]), 242);
    for (let round = 0; round < rounds; round++) {
      for (const peer of draw(seeded, { bytes, wanted, excluded })) {
        counts[peer] = (counts[peer] as number) + 1;
      }
    }
    expect(counts[excluded]).toBe(0);
    counts.splice(excluded, 1);
    const expected = (rounds * wanted) / (population - 1);
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 98 degrees of freedom: 99.9 % lie below 148.2 (without replacement somewhat lower), 0.1 % below 59.
    expect(chiSquare).toBeLessThan(148.2);
    expect(chiSquare).toBeGreaterThan(59);
  });

  it('draws every pair equally often: neighbours do not come together', () => {
    const population = 8;
    const rounds = 28_000;
    const pairs = new Map<string, number>();
    const bytes = numbered(population);
    const seeded = new PeerSampler(new RandomSource([5, 5, 5, 5]), 242);
    for (let round = 0; round < rounds; round++) {
      const pair = draw(seeded, { bytes, wanted: 2 }).sort().join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect(pairs.size).toBe(28);
    const chiSquare = [...pairs.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 27 degrees of freedom: 99.9 % lie below 55.5.
    expect(chiSquare).toBeLessThan(55.5);
  });
});

describe('RandomSource', () => {
  it('gives the numbers of the published algorithm', () => {
    // From the state 1, 2, 3, 4: rotl(2 * 5, 7) * 9 = 11520, then rotl(0 * 5, 7) * 9 = 0.
    const random = new RandomSource([1, 2, 3, 4]);
    expect(random.below(2 ** 32)).toBe(11_520);
    expect(random.below(2 ** 32)).toBe(0);
    expect(random.below(2 ** 32)).toBe(5_927_040);
  });

  it('gives the same numbers for the same seed, and refuses one of zeros', () => {
    const [one, other] = [new RandomSource([7, 0, 0, 0]), new RandomSource([7, 0, 0, 0])];
    const take = (random: RandomSource) => Array.from({ length: 50 }, () => random.below(1000));
    expect(take(one)).toEqual(take(other));
    expect(() => new RandomSource([0, 0, 0, 0])).toThrow(RangeError);
  });
});
