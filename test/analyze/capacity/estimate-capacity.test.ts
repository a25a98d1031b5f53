import { describe, expect, it } from 'vitest';
import type { CapacityPoint } from '../../../src/analyze/capacity/capacity-point.ts';
import { type Capacity, capacitySchema } from '../../../src/analyze/capacity/capacity-schema.ts';
import { type CapacityOptions, estimateCapacity } from '../../../src/analyze/capacity/estimate-capacity.ts';

/** Costs 5 µs a request at half of a core. */
function point(over: Partial<CapacityPoint> = {}): CapacityPoint {
  const cpuMicros = over.cpuMicros ?? 5;
  const replies = 100_000;
  return {
    runId: 'run',
    tracker: 'tracker 1.0',
    workers: 1,
    cores: 1,
    usedShare: 0.5,
    requestsPerSecond: 100_000,
    cpuMicros,
    // Seconds differ by a tenth.
    seconds: [0.95, 1, 1.05].map((factor) => ({ cpuMs: (replies * cpuMicros * factor) / 1000, replies })),
    mix: { connect: 0.02, announce: 0.82, scrape: 0.16 },
    receiveBufferBytes: 832_000,
    invalid: null,
    ...over,
  };
}

function estimate(runs: readonly CapacityPoint[], over: Partial<CapacityOptions> = {}): Capacity {
  const capacity = estimateCapacity(runs, {
    cpuShare: 0.5,
    intervalMs: 1_800_000,
    scrapeShare: 0,
    connectShare: null,
    users: [1e6, 1e8],
    outageMs: 60_000,
    seed: 1,
    mostRequests: 100_000,
    ...over,
  });
  // What is printed is what is published.
  expect(capacitySchema.parse(capacity)).toEqual(capacity);
  return capacity;
}

describe('the capacity of a tracker', () => {
  it('is the rate at half of its core, times the interval, times the share of announces', () => {
    const { instance, cpuPerRequest, assumptions } = estimate([point()]);
    expect(cpuPerRequest.value).toBe(5);
    expect(instance.requestsPerSecond.value).toBe(100_000);
    // A connect before each announce.
    expect(assumptions.mix).toEqual({ connect: 0.5, announce: 0.5, scrape: 0 });
    expect(instance.users.value).toBe(90e6);
    expect(instance.usersByMeasuredMix.value).toBeCloseTo(100_000 * 0.82 * 1800, 0);
  });

  it('has an interval around it that the seconds of the run give', () => {
    const { instance, cpuPerRequest } = estimate([point()]);
    expect(cpuPerRequest.low).toBeGreaterThan(5 * 0.94);
    expect(cpuPerRequest.low).toBeLessThan(5);
    expect(cpuPerRequest.high).toBeLessThan(5 * 1.06);
    expect(cpuPerRequest.high).toBeGreaterThan(5);
    expect(instance.users.low).toBeCloseTo((90e6 * 5) / cpuPerRequest.high, 0);
  });

  it('has a wider interval by several runs that differ', () => {
    const runs = [4, 5, 6].map((cpuMicros) => point({ cpuMicros, usedShare: 0.5 + (cpuMicros - 5) / 50 }));
    const one = estimate([point()]).cpuPerRequest;
    const several = estimate(runs).cpuPerRequest;
    expect(several.value).toBe(5);
    expect(several.high - several.low).toBeGreaterThan(1.5 * (one.high - one.low));
  });

  it('takes the shares that were asked for, and those of the run', () => {
    expect(estimate([point()], { scrapeShare: 0.1, connectShare: 0.2 }).assumptions).toMatchObject({
      mix: { connect: 0.2, scrape: 0.1 },
      mixSource: { connect: 'flag', scrape: 'flag' },
    });
    expect(estimate([point()], { scrapeShare: null, connectShare: 'run' }).assumptions).toMatchObject({
      mix: { connect: 0.02, scrape: 0.16 },
      mixSource: { connect: 'run', scrape: 'run' },
    });
    // An id that lasts as long as the interval is used again.
    const often = estimate([point()], { intervalMs: 60_000 }).assumptions;
    expect(often.mixSource.connect).toBe('run');
  });

  it('counts the instances that each number of users needs', () => {
    // 45 million users an instance by an announce every 15 minutes.
    const { sizes, scaling } = estimate([point()], { intervalMs: 900_000 });
    expect(scaling).toMatchObject({ law: 'linear', sigma: null });
    expect(sizes.map(({ users, instances, groups }) => [users, instances.value, groups])).toEqual([
      [1e6, 1, 1],
      [1e8, 3, 1],
    ]);
    expect(sizes[1]?.cpuShare).toBeCloseTo((0.5 * 1e8) / 45e6 / 3, 3);
    expect(sizes[1]?.steady.busyShare).toBeCloseTo(sizes[1]?.cpuShare ?? 0, 2);
  });

  it('takes the cost at the wanted use from the line over runs of other uses', () => {
    // 2 µs a request, and 4 µs more where the thread was asleep.
    const [light, busy] = [0.2, 0.9].map((usedShare) =>
      point({ runId: String(usedShare), usedShare, cpuMicros: 2 + 4 * (1 - usedShare) }),
    ) as [CapacityPoint, CapacityPoint];
    const both = estimate([light, busy]);
    expect(both.cpuPerWakeUp).toBeCloseTo(4, 9);
    expect(both.cpuPerRequest.value).toBeCloseTo(4, 9);
    expect(both.cpuPerRequestSaturated).toBeCloseTo(2, 9);
    expect(both.instance.requestsPerSecond.value).toBeCloseTo(125_000, 3);
    expect(both.runs.map(({ used }) => used)).toEqual([true, true]);
    expect(both.notes.join('\n')).toContain('by the line over runs at 20.00 % to 90.00 %');
    // The seconds of both runs differ by a twentieth.
    const { low, high } = both.instance.requestsPerSecond;
    expect([low > 110_000, low < 125_000, high > 125_000, high < 145_000]).toEqual([true, true, true, true]);
    // A size that uses less of its core: 2,222 requests a second at about 6 µs.
    expect(both.sizes[0]?.requestsPerSecond).toBeCloseTo(1111.1, 1);
    expect(both.sizes[0]?.cpuShare).toBeCloseTo((0.0011111 * 6) / (1 + 0.0011111 * 4), 5);
    expect(both.sizes[0]?.steady.busyShare).toBeCloseTo(both.sizes[0]?.cpuShare ?? 0, 3);
    expect(both.fullInstance.steady.busyShare).toBeCloseTo(0.5, 2);
    // Between two runs at the wanted use the line goes on from theirs.
    const near = estimate([light, busy, point({ usedShare: 0.5, cpuMicros: 4.4 })]);
    expect(near.cpuPerRequest.value).toBe(4.4);
  });

  it('tells where the use of its only run is not the wanted one', () => {
    const busy = point({ usedShare: 0.98, cpuMicros: 3 });
    expect(estimate([busy]).notes.join('\n')).toContain('The cost was measured at 98.00 % CPU');
    expect(estimate([busy])).toMatchObject({ cpuPerWakeUp: null, cpuPerRequest: { value: 3 } });
    expect(estimate([point()]).notes.join('\n')).not.toContain('The cost was measured at');
  });

  it('follows the law of its scaling over runs with several numbers of workers', () => {
    // X(N) = 100,000 N / (1 + 0.1 (N - 1) + 0.005 N (N - 1)): a peak at 13.
    const runs = [1, 2, 4, 8].map((workers) => {
      const carried = workers / (1 + 0.1 * (workers - 1) + 0.005 * workers * (workers - 1));
      return point({ workers, cores: workers, cpuMicros: (5 * workers) / carried });
    });
    const { scaling, sizes, instance } = estimate(runs, { users: [1e8, 2e8, 1e9] });
    expect(scaling.law).toBe('universal scalability');
    expect(scaling.sigma).toBeCloseTo(0.1, 6);
    expect(scaling.kappa).toBeCloseTo(0.005, 6);
    expect(scaling.peakInstances).toBe(13);
    expect(instance).toMatchObject({ workers: 1, cores: 1 });
    // 111,111 requests a second: one carries 100,000, two 180,180.
    expect(sizes[0]?.instances.value).toBe(2);
    expect(sizes[1]?.instances.value).toBe(3);
    const most = (100_000 * 13) / (1 + 0.1 * 12 + 0.005 * 13 * 12);
    expect(sizes[2]?.groups).toBe(Math.ceil(1e9 / 900 / most));
  });

  it('says the same twice', () => {
    expect(estimate([point()])).toEqual(estimate([point()]));
  });
});

describe('the simulation of a size', () => {
  it('loses nothing in the usual load, and after an outage what the buffer cannot hold', () => {
    const { fullInstance } = estimate([point()], { outageMs: 300_000 });
    expect(fullInstance.steady.lostShare).toBe(0);
    expect(fullInstance.afterOutage.burstFactor).toBe(5);
    // Five times half of a core is more than one.
    expect(fullInstance.afterOutage.lostShare).toBeGreaterThan(0.05);
    expect(fullInstance.afterOutage.queueMax).toBeGreaterThan(900);
    expect(fullInstance.afterOutage.recoveredAfterS).toBeGreaterThan(15);
  });

  it('spreads an instance over the buffers of its workers', () => {
    const { fullInstance, instance } = estimate([point({ workers: 2, cores: 2 })]);
    expect(instance.requestsPerSecond.value).toBe(200_000);
    expect(fullInstance.steady.ratePerSecond).toBe(100_000);
    expect(fullInstance.steady.busyShare).toBeCloseTo(0.5, 2);
  });

  it('takes the buffer of a socket that asks for none where that of the tracker is not known', () => {
    const { assumptions, notes } = estimate([point({ receiveBufferBytes: null })]);
    expect(assumptions.receiveBuffer).toEqual({ bytes: 212_992, datagrams: 256, source: 'kernel default' });
    expect(notes.join('\n')).toContain('receive buffer is not known');
  });
});
