import { describe, expect, it } from 'vitest';
import type { ThreadReading } from '../../../src/lab/capture/capture-types.ts';
import { LoopDelayProbe, summarizeDelays } from '../../../src/lab/capture/loop-delay.ts';
import { addReadings, retireReading } from '../../../src/lab/capture/thread-reading.ts';

function reading(heapUsedBytes: number, minorCount: number): ThreadReading {
  const none = { count: 0, ms: 0 };
  return {
    heapUsedBytes,
    heapTotalBytes: 2 * heapUsedBytes,
    externalBytes: 3,
    arrayBuffersBytes: 1,
    gc: { minor: { count: minorCount, ms: 1.5 }, major: none, incremental: none, weakcb: none },
  };
}

describe('the readings of threads', () => {
  it('are added up', () => {
    expect(addReadings([reading(10, 2), reading(30, 5)])).toMatchObject({
      heapUsedBytes: 40,
      heapTotalBytes: 80,
      externalBytes: 6,
      arrayBuffersBytes: 2,
      gc: { minor: { count: 7, ms: 3 }, major: { count: 0, ms: 0 } },
    });
  });

  it('leave collections behind when a thread ends, but no memory', () => {
    expect(addReadings([reading(10, 2), retireReading(reading(30, 5))])).toMatchObject({
      heapUsedBytes: 10,
      externalBytes: 3,
      gc: { minor: { count: 7 } },
    });
  });
});

describe('delays of the event loop', () => {
  it('have nearest-rank percentiles in nanoseconds', () => {
    const delaysMs = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarizeDelays(delaysMs)).toEqual({
      eventLoopDelayNsP50: 50e6,
      eventLoopDelayNsP99: 99e6,
      eventLoopDelayNsMax: 100e6,
    });
  });

  it('are never negative', () => {
    expect(summarizeDelays([-4, -1])).toEqual({
      eventLoopDelayNsP50: 0,
      eventLoopDelayNsP99: 0,
      eventLoopDelayNsMax: 0,
    });
  });

  it('include a stall that is not over when they are read, and the one after a reading', async () => {
    const probe = new LoopDelayProbe();
    const stall = (ms: number) => {
      for (const endMs = performance.now() + ms; performance.now() < endMs; );
    };
    stall(60);
    expect(probe.read().eventLoopDelayNsMax).toBeGreaterThanOrEqual(49e6);
    stall(60);
    await new Promise((done) => setTimeout(done, 30));
    expect(probe.read().eventLoopDelayNsMax).toBeGreaterThanOrEqual(49e6);
    probe.stop();
  });
});
