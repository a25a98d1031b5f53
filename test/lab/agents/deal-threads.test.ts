import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealThreads } from '../../../src/lab/agents/deal-threads.ts';
import { Grid } from '../../../src/lab/load/pacer.ts';
import { workerIdentity } from '../../../src/lab/load/swarm-model.ts';
import { clientShareOf, clientsOf } from '../../../src/lab/load/thread-clients.ts';

const agents = fc.array(fc.record({ name: fc.constant('a'), threads: fc.integer({ min: 1, max: 6 }) }), {
  minLength: 1,
  maxLength: 8,
});

describe('a load dealt out to agents', () => {
  it('gives every agent a thread and every thread to one agent', () => {
    fc.assert(
      fc.property(agents, fc.integer({ min: 8, max: 300 }), (given, concurrency) => {
        const { loadThreads, slices } = dealThreads(given, concurrency, null);
        expect(slices.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: loadThreads }, (_, i) => i));
        slices.forEach((slice, index) => {
          expect(slice.length).toBeGreaterThanOrEqual(1);
          expect(slice.length).toBeLessThanOrEqual(given[index]?.threads ?? 0);
        });
      }),
    );
  });

  it('has the clients of one generator, with their peer ids, ports and keys, none of them twice', () => {
    fc.assert(
      fc.property(agents, fc.integer({ min: 8, max: 300 }), (given, concurrency) => {
        const { loadThreads, slices } = dealThreads(given, concurrency, null);
        const clients = slices.flatMap((slice) =>
          slice.flatMap((thread) => clientsOf({ concurrency, loadThreads }, thread)),
        );
        expect([...clients].sort((a, b) => a - b)).toEqual(Array.from({ length: concurrency }, (_, i) => i));
        const said = clients.map((client) => workerIdentity(1, client));
        expect(new Set(said.map(({ port }) => port)).size).toBe(concurrency);
        expect(new Set(said.map(({ peerId }) => Buffer.from(peerId).toString('hex'))).size).toBe(concurrency);
        const shares = slices.map((slice) => clientShareOf({ concurrency, loadThreads }, slice));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
      }),
      { numRuns: 30 },
    );
  });

  it('has the points of one grid in open loop, none of them twice', () => {
    const { loadThreads, slices } = dealThreads(
      [
        { name: 'a', threads: 2 },
        { name: 'b', threads: 1 },
        { name: 'c', threads: 3 },
      ],
      60,
      null,
    );
    const points = slices.flat().flatMap((thread) => {
      const grid = new Grid({ ratePerSecond: 1000, threads: loadThreads, thread, startNs: 0 });
      return Array.from({ length: 20 }, () => {
        const point = new Float64Array(1);
        grid.takeInto(point, 0);
        return Math.round(point[0] as number);
      });
    });
    expect(points.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 * loadThreads }, (_, i) => i * 1e6));
  });

  it('goes by the number of threads that the operator gives, in proportion to what the agents bring', () => {
    const three = [
      { name: 'a', threads: 1 },
      { name: 'b', threads: 2 },
      { name: 'c', threads: 1 },
    ];
    const sizes = (wanted: number) => dealThreads(three, 1000, wanted).slices.map((slice) => slice.length);
    expect(sizes(3)).toEqual([1, 1, 1]);
    expect(sizes(8)).toEqual([2, 4, 2]);
  });

  it.each([
    [2, null, /3 agents cannot share 2 workers/],
    [100, 2, /3 agents cannot share 2 load threads/],
  ])(
    'of %i workers and %s threads is refused, where somebody would have none',
    (concurrency, wanted, message) => {
      const three = ['a', 'b', 'c'].map((name) => ({ name, threads: 1 }));
      expect(() => dealThreads(three, concurrency, wanted)).toThrow(message);
    },
  );
});
