import { describe, expect, it } from 'vitest';
import type { Arrivals } from '../../../src/analyze/capacity/arrivals.ts';
import { exponential, PoissonArrivals } from '../../../src/analyze/capacity/poisson-arrivals.ts';
import { type QueueOutcome, simulateQueue } from '../../../src/analyze/capacity/simulate-queue.ts';
import { randomStream } from '../../../src/analyze/statistics/random-stream.ts';

const SERVICE_NS = 10_000;
const MOST = 1_000_000;

/** Poisson arrivals at a load of `load` servers' worth, for 2 s of 10 µs requests. */
function queueAt(
  load: number,
  options: { readonly exponential?: boolean; readonly servers?: number; readonly buffer?: number } = {},
): QueueOutcome {
  const { servers = 1, buffer = MOST } = options;
  const random = randomStream(7);
  const service = randomStream(8);
  return simulateQueue({
    arrivals: new PoissonArrivals((load * 1e9) / SERVICE_NS, 2e9, random),
    serviceNs: () => (options.exponential === true ? exponential(SERVICE_NS, service) : SERVICE_NS),
    servers,
    bufferDatagrams: buffer,
  });
}

describe('a simulated queue against known results', () => {
  it.each([0.5, 0.8, 0.9])('M/D/1 at %d: the mean wait is that of Pollaczek and Khinchine', (load) => {
    const known = (load * SERVICE_NS) / (2 * (1 - load));
    const { waitNs, busyShare, queue, lost } = queueAt(load);
    expect((waitNs?.mean ?? 0) / known).toBeCloseTo(1, 1);
    expect(busyShare).toBeCloseTo(load, 2);
    // Little's law: waiting requests are rate times wait.
    expect(queue.mean / ((load / SERVICE_NS) * known)).toBeCloseTo(1, 1);
    expect(lost).toBe(0);
  });

  it.each([0.5, 0.8])('M/M/1 at %d: the mean and the 99th percentile of the wait', (load) => {
    const { waitNs } = queueAt(load, { exponential: true });
    const mean = (load * SERVICE_NS) / (1 - load);
    // P(W > t) = load * exp(-(1 - load) * t / service)
    const p99 = (Math.log(load / 0.01) * SERVICE_NS) / (1 - load);
    expect((waitNs?.mean ?? 0) / mean).toBeCloseTo(1, 1);
    expect((waitNs?.p99 ?? 0) / p99).toBeCloseTo(1, 1);
  });

  it('M/M/1 with room for four: the loss of the formula', () => {
    const load = 0.9;
    const most = 5;
    const { lostShare } = queueAt(load, { exponential: true, buffer: most - 1 });
    expect(lostShare).toBeCloseTo(((1 - load) * load ** most) / (1 - load ** (most + 1)), 2);
  });

  it('M/M/2: the mean wait is that of Erlang', () => {
    const offered = 1.6;
    const idle = 1 / (1 + offered + offered ** 2 / (2 - offered));
    const mustWait = (offered ** 2 / (2 - offered)) * idle;
    const { waitNs } = queueAt(offered, { exponential: true, servers: 2 });
    expect((waitNs?.mean ?? 0) / ((mustWait * SERVICE_NS) / (2 - offered))).toBeCloseTo(1, 1);
  });

  it('overloaded by 1.3: what does not fit through is lost, and the rest waits for a full buffer', () => {
    const { lostShare, waitNs, queue, busyShare } = queueAt(1.3, { buffer: 1000 });
    expect(lostShare).toBeCloseTo(1 - 1 / 1.3, 2);
    expect((waitNs?.p50 ?? 0) / (1000 * SERVICE_NS)).toBeCloseTo(1, 1);
    expect(queue.max).toBe(1000);
    expect(busyShare).toBeGreaterThan(0.999);
  });
});

describe('a simulated queue', () => {
  it.each([0.2, 0.5, 0.8])(
    'whose thread sleeps uses %d of its time, and each that wakes it up pays for it',
    (use) => {
      // use = rate * (service + wake * (1 - use)): whether it sleeps is seen by arrivals as by a clock.
      const wakeNs = 8_000;
      const rate = (use * 1e9) / (SERVICE_NS + wakeNs * (1 - use));
      const { busyShare, waitNs } = simulateQueue({
        arrivals: new PoissonArrivals(rate, 3e9, randomStream(7)),
        serviceNs: () => SERVICE_NS,
        wakeNs,
        servers: 1,
        bufferDatagrams: MOST,
      });
      expect(busyShare).toBeCloseTo(use, 2);
      expect(waitNs?.p50).toBeGreaterThan(use < 0.5 ? wakeNs * 0.99 : 0);
    },
  );

  it('leaves out what came before the time that is asked for', () => {
    const from = (fromNs: number): QueueOutcome =>
      simulateQueue({
        arrivals: new PoissonArrivals(1.3e5, 1e9, randomStream(5)),
        serviceNs: () => SERVICE_NS,
        servers: 1,
        bufferDatagrams: 10_000,
        fromNs,
      });
    // It takes a third of a second until the buffer is full.
    const [all, full] = [from(0), from(0.5e9)];
    expect(full.lostShare).toBeCloseTo(1 - 1 / 1.3, 2);
    expect(all.lostShare).toBeLessThan(0.75 * full.lostShare);
    expect(full.seconds).toHaveLength(1);
    expect(full.arrived / all.arrived).toBeCloseTo(0.5, 1);
    expect(full.busyShare).toBeCloseTo(1, 1);
  });

  it('gives the same figures for the same seed', () => {
    expect(queueAt(0.7)).toEqual(queueAt(0.7));
  });

  it('serves in turn, and drops only while the buffer is full', () => {
    const atNs = [0, 1, 2, 3, 10_000, 30_001];
    const dropped: number[] = [];
    let at = -1;
    const arrivals: Arrivals = {
      get atNs() {
        return atNs[at] as number;
      },
      next: () => ++at < atNs.length,
      dropped: () => dropped.push(at),
    };
    // The first is served until 10,000, two wait; the fourth finds no room, the fifth the place of the second.
    const outcome = simulateQueue({ arrivals, serviceNs: () => 10_000, servers: 1, bufferDatagrams: 2 });
    expect(dropped).toEqual([3]);
    expect(outcome).toMatchObject({
      arrived: 6,
      lost: 1,
      queue: { max: 2 },
      seconds: [{ arrived: 6, lost: 1 }],
    });
    expect(outcome.waitNs?.max).toBe(20_000);
  });

  it('gives room back in portions, and when the reader has read all that he found', () => {
    const overloaded = (releaseDatagrams: number): QueueOutcome =>
      simulateQueue({
        arrivals: new PoissonArrivals(1.3e5, 2e9, randomStream(5)),
        serviceNs: () => SERVICE_NS,
        servers: 1,
        bufferDatagrams: 1000,
        releaseDatagrams,
      });
    // A quarter is withheld at most: the buffer is refilled to 750 plus what comes beyond the service of 250.
    const { waitNs, lostShare } = overloaded(250);
    expect(lostShare).toBeCloseTo(1 - 1 / 1.3, 2);
    expect(waitNs?.p50).toBeGreaterThan(750 * SERVICE_NS);
    expect(waitNs?.p99).toBeLessThan((750 + 250 * (1 - 1 / 1.3) + 30) * SERVICE_NS);
    expect(overloaded(1).waitNs?.p50).toBeGreaterThan(980 * SERVICE_NS);
  });

  it('says nothing of waits where nothing came', () => {
    const arrivals: Arrivals = { atNs: 0, next: () => false, dropped: () => undefined };
    const outcome = simulateQueue({ arrivals, serviceNs: () => 1, servers: 1, bufferDatagrams: 1 });
    expect(outcome).toMatchObject({ arrived: 0, lostShare: 0, waitNs: null, seconds: [] });
  });
});
