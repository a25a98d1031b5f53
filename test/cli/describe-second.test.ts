import { describe, expect, it } from 'vitest';
import { describeSecond } from '../../src/cli/describe-second.ts';
import type { LabEvent } from '../../src/lab/lab-event.ts';

const second: Extract<LabEvent, { kind: 'second' }> = {
  kind: 'second',
  elapsedMs: 43_900,
  totalMs: 43_500,
  targetCpuShare: 0.96,
  row: {
    kind: 'load',
    atMs: 43_900,
    spanMs: 500,
    phase: 'profiled',
    sent: 111_595,
    succeeded: 111_593,
    timedOut: 1,
    errorReplies: 1,
    malformedReplies: 0,
    sendFailed: 0,
    latencyNsP50: 4e6,
    latencyNsP95: 4.87e6,
    latencyNsP99: 5e6,
    latencyNsMax: 6e6,
  },
};

describe('the live line', () => {
  it('tells phase, time, rate, latency, errors and CPU, and fits into 80 columns', () => {
    const line = describeSecond(second, 80);
    expect(line).toBe('  profiled  44 of  44 s · 223,186 req/s · P95  4.87 ms · errors 2 · CPU  96 %');
    expect(line.length).toBeLessThan(80);
    expect(describeSecond(second, null)).toBe(line);
  });

  it('leaves out from the right what does not fit', () => {
    expect(describeSecond(second, 60)).toBe('  profiled  44 of  44 s · 223,186 req/s · P95  4.87 ms');
    for (let columns = 1; columns < 90; columns++)
      expect(describeSecond(second, columns).length).toBeLessThan(columns);
  });

  it('never counts past the planned length', () => {
    expect(describeSecond({ ...second, elapsedMs: 60_000 }, null)).toContain(' 44 of  44 s');
    expect(describeSecond({ ...second, elapsedMs: 1_000 }, null)).toContain('  1 of  44 s');
  });

  it('keeps its columns where nothing was answered and no process is known', () => {
    const row = { ...second.row, succeeded: 0, latencyNsP95: null };
    expect(describeSecond({ ...second, targetCpuShare: null, row }, null)).toBe(
      '  profiled  44 of  44 s ·       0 req/s · P95 no reply · errors 2 · CPU not measured',
    );
  });
});
