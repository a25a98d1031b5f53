import { describe, expect, it } from 'vitest';
import { PeerSampler, type SampleRequest } from '../../src/tracker/peer-sampler.ts';
import { primeModulus } from '../../src/tracker/prime-modulus.ts';
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

function draw(
  sampler: PeerSampler,
  { bytes, ...request }: Partial<SampleRequest> & { bytes: Uint8Array },
): number[] {
  const population = bytes.length / 6;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = { view, firstPeerAt: 0, peerBytes: 6, excluded: -1, wanted: 50, population, ...request };
  const count = sampler.write(whole, target, 20);
  return Array.from({ length: count }, (_, peer) => target.readUIntBE(20 + 6 * peer, 6));
}

describe('PeerSampler', () => {
  const sampler = new PeerSampler(new RandomSource([1, 2, 3, 4]));

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
    const seeded = new PeerSampler(new RandomSource([9, 8, 7, 6]));
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

  it('draws every pair equally often where the number of peers is a prime: neighbours do not come together', () => {
    const population = 13;
    const rounds = 26_000;
    const counts = countPairs(population, 3, rounds);
    expect(counts.length).toBe(78);
    const expected = (rounds * 3) / 78;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 77 degrees of freedom: 99.9 % lie below 121.
    expect(chiSquare).toBeLessThan(121);
  });

  it.each([4, 8, 100, 150])(
    'draws every pair of %i peers, none much more often than others',
    (population) => {
      const wanted = population / 2;
      const rounds = 20_000;
      const pairs = (population * (population - 1)) / 2;
      const counts = countPairs(population, wanted, rounds);
      expect(counts.length).toBe(pairs);
      const expected = (rounds * wanted * (wanted - 1)) / 2 / pairs;
      const share = population < 50 ? 1.6 : 1.1;
      for (const count of counts) {
        // What the residues beyond the peers can shift, and five standard deviations.
        expect(count).toBeLessThan(expected * share + 5 * Math.sqrt(expected * share));
        expect(count).toBeGreaterThan(expected / share - 5 * Math.sqrt(expected));
      }
    },
  );

  it('reads and writes at odd addresses, peers of 18 bytes too', () => {
    const bytes = Uint8Array.from({ length: 1 + 18 * 4 }, (_, index) => index);
    const view = new DataView(bytes.buffer);
    const out = new Uint8Array(100);
    const request = { view, firstPeerAt: 1, peerBytes: 18, population: 4, excluded: 1, wanted: 50 };
    expect(sampler.write(request, out, 3)).toBe(3);
    expect(out.subarray(3, 57)).toEqual(Uint8Array.of(...bytes.subarray(1, 19), ...bytes.subarray(37, 73)));
    expect(out.subarray(57).every((byte) => byte === 0)).toBe(true);
  });
});

/** How often each pair of peers came in one reply; pairs that never did are left out. */
function countPairs(population: number, wanted: number, rounds: number): number[] {
  const counts = new Map<number, number>();
  const bytes = numbered(population);
  const seeded = new PeerSampler(new RandomSource([5, 5, 5, 5]));
  for (let round = 0; round < rounds; round++) {
    const peers = draw(seeded, { bytes, wanted });
    for (const one of peers) {
      for (const other of peers) {
        if (one < other) {
          const pair = one * population + other;
          counts.set(pair, (counts.get(pair) ?? 0) + 1);
        }
      }
    }
  }
  return [...counts.values()];
}

describe('primeModulus', () => {
  it('is the next prime for small sizes', () => {
    expect([2, 3, 4, 8, 24, 100, 113, 114, 127].map(primeModulus)).toEqual([
      2, 3, 5, 11, 29, 101, 113, 127, 127,
    ]);
  });

  it('is a prime that is little more for any size', () => {
    for (let size = 512; size < 20_000_000; size = Math.ceil(size * 1.01)) {
      const modulus = primeModulus(size);
      expect(modulus).toBeGreaterThanOrEqual(size);
      expect(modulus).toBeLessThan(size * 1.05);
      expect(primeModulus(size)).toBe(modulus);
      for (let divisor = 2; divisor * divisor <= modulus; divisor++) {
        if (modulus % divisor === 0) expect.fail(`${modulus} is divisible by ${divisor}`);
      }
    }
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
