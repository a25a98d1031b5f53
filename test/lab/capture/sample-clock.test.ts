import { describe, expect, it } from 'vitest';
import { SampleClock } from '../../../src/lab/capture/sample-clock.ts';
import { wholeSlices } from '../../../src/lab/capture/whole-slices.ts';
import { sliceAt } from '../../../src/time-slices.ts';

const sample = (timestamp: bigint, name = 'work') => ({ node: { name }, context: { timestamp } });
const nowMicros = () => BigInt(Date.now()) * 1000n;

describe('the times of samples', () => {
  it('become slices of the monotonic clock', () => {
    const clock = new SampleClock();
    const firstSlice = sliceAt(Number(process.hrtime.bigint()));
    const timestamp = nowMicros();
    const { label, endNs } = clock.labels();
    const { slice = -1 } = label(sample(timestamp));
    expect(slice).toBeGreaterThanOrEqual(firstSlice - 1);
    expect(slice).toBeLessThanOrEqual(sliceAt(endNs) + 1);
    expect(clock.window(endNs)?.endNs).toBe(endNs);
  });

  it('are none of idle time, and of what has no time', () => {
    const { label } = new SampleClock().labels();
    expect(label(sample(nowMicros(), '(idle)'))).toEqual({});
    expect(label(sample(0n, 'Non JS threads activity'))).toEqual({});
    expect(label({ node: { name: 'work' } })).toEqual({});
  });

  it('are not believed where they lie outside of the profile', () => {
    const clock = new SampleClock();
    const { label, endNs } = clock.labels();
    expect(label(sample(nowMicros() + 3_600_000_000n))).toEqual({});
    expect(clock.window(endNs)).toBeNull();
  });
});

describe('whole slices', () => {
  it('lie in the windows of all threads', () => {
    const windows = [
      { startNs: 1.02e9, endNs: 3.55e9 },
      { startNs: 1.11e9, endNs: 3.49e9 },
    ];
    expect(wholeSlices(windows)).toEqual({ sliceMs: 100, firstSlice: 12, lastSlice: 33 });
  });

  it('are none where a thread has no times, or the profile is shorter', () => {
    expect(wholeSlices([])).toBeNull();
    expect(wholeSlices([{ startNs: 0, endNs: 1e9 }, undefined])).toBeNull();
    expect(wholeSlices([{ startNs: 1.01e9, endNs: 1.1e9 }])).toBeNull();
  });
});
