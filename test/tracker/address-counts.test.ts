import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressCounts } from '../../src/tracker/address-counts.ts';

const key = Uint32Array.of(5, 6);

function ipv4(last: number, port = 1): Uint8Array {
  return Uint8Array.of(192, 0, 2, last, port >>> 8, port);
}

describe('AddressCounts', () => {
  it('admits as many as are allowed, and again as many as have gone', () => {
    const counts = new AddressCounts(3, key, 6);
    const admitted = Array.from({ length: 5 }, (_, port) => counts.admit(7, ipv4(1, port), 0));
    expect(admitted).toEqual([true, true, true, false, false]);
    counts.release(7, ipv4(1, 1), 0);
    expect([counts.admit(7, ipv4(1, 9), 0), counts.admit(7, ipv4(1, 9), 0)]).toEqual([true, false]);
  });

  it('counts each address and each swarm by itself', () => {
    const counts = new AddressCounts(1, key, 6);
    expect(counts.admit(1, ipv4(1), 0)).toBe(true);
    expect(counts.admit(1, ipv4(2), 0)).toBe(true);
    expect(counts.admit(2, ipv4(1), 0)).toBe(true);
    expect(counts.admit(1, ipv4(1), 0)).toBe(false);
  });

  it('counts a /64 of IPv6 as one address', () => {
    const counts = new AddressCounts(1, key, 18);
    const peer = (subnet: number, host: number) => {
      const bytes = new Uint8Array(18).fill(host);
      bytes.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, subnet]);
      return bytes;
    };
    expect(counts.admit(1, peer(1, 1), 0)).toBe(true);
    expect(counts.admit(1, peer(1, 2), 0)).toBe(false);
    expect(counts.admit(1, peer(2, 1), 0)).toBe(true);
  });

  it('is what a plain map of counts is', () => {
    const step = fc.record({ swarm: fc.nat(3), last: fc.nat(40), comes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const counts = new AddressCounts(4, key, 6);
        const plain = new Map<string, number>();
        for (const { swarm, last, comes } of steps) {
          const name = `${swarm}/${last}`;
          const before = plain.get(name) ?? 0;
          if (comes) {
            expect(counts.admit(swarm, ipv4(last), 0)).toBe(before < 4);
            plain.set(name, Math.min(4, before + 1));
          } else if (before > 0) {
            counts.release(swarm, ipv4(last), 0);
            plain.set(name, before - 1);
          }
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
