import { describe, expect, it } from 'vitest';
import { statusOf, worstOf } from '../../src/analyze/status.ts';
import {
  localLatencyTiers,
  memoryTiers,
  remoteLatencyTiers,
  requestTiers,
} from '../../src/analyze/tier-tables.ts';

const ms = 1e6;
const mb = 1e6;

describe('the status of requests', () => {
  it.each([
    [10_001, 0.0009, 'Good'],
    [10_000, 0.0009, 'Acceptable'],
    [10_001, 0.001, 'Acceptable'],
    [5_000, 0.0099, 'Acceptable'],
    [4_999, 0, 'Poor'],
    [20_000, 0.01, 'Poor'],
    [20_000, 0.05, 'Poor'],
    [20_000, 0.0501, 'Critical'],
    [0, 1, 'Critical'],
  ])('is, at %i req/s with an error share of %f, %s', (requestsPerSecond, errorShare, tier) => {
    const figures = { requestsPerSecond, errorShare, successShare: 1 - errorShare };
    expect(statusOf(requestTiers, figures).tier).toBe(tier);
  });

  it('judges a row by its own figure alone', () => {
    const figures = { requestsPerSecond: 4_000, errorShare: 0, successShare: 1 };
    expect(statusOf(requestTiers, figures, 'requestsPerSecond').tier).toBe('Poor');
    expect(statusOf(requestTiers, figures, 'successShare').tier).toBe('Good');
    expect(statusOf(requestTiers, figures, 'errorShare').tier).toBe('Good');
  });
});

describe('the status of a local latency', () => {
  it.each([
    [0.9, 4.9, 'Excellent'],
    [0.9, 5, 'Good'],
    [1, 4, 'Good'],
    [4.9, 9.9, 'Good'],
    [4.9, 10, 'Acceptable'],
    [9.9, 49.9, 'Acceptable'],
    [9.9, 50, 'Poor'],
    [10, 20, 'Poor'],
    [30, 40, 'Poor'],
    [60, 70, 'Poor'],
    [100, 120, 'Poor'],
    [100.1, 120, 'Critical'],
  ])('is, at P95 %f ms and P99 %f ms, %s', (p95, p99, tier) => {
    expect(statusOf(localLatencyTiers, { p95Ns: p95 * ms, p99Ns: p99 * ms }).tier).toBe(tier);
  });

  it('names in a gap what the last tier would need', () => {
    const status = statusOf(localLatencyTiers, { p95Ns: 30 * ms, p99Ns: 40 * ms });
    expect(status.reason).toBe('Acceptable would need P95 < 10 ms');
  });

  it('has no critical tier of P99 alone', () => {
    expect(statusOf(localLatencyTiers, { p99Ns: 900 * ms }, 'p99Ns').tier).toBe('Poor');
  });
});

describe('the status of a remote latency', () => {
  it.each([
    [9, 49, 'Excellent'],
    [49, 99, 'Good'],
    [99, 199, 'Acceptable'],
    [150, 160, 'Poor'],
    [900, 900, 'Poor'],
  ])('is, at P95 %f ms and P99 %f ms, %s', (p95, p99, tier) => {
    expect(statusOf(remoteLatencyTiers, { p95Ns: p95 * ms, p99Ns: p99 * ms }).tier).toBe(tier);
  });
});

describe('the status of memory growth', () => {
  it.each([
    [99, 0, 'Good'],
    [100, 0, 'Acceptable'],
    [500, 0, 'Acceptable'],
    [501, 0, 'Concern'],
    [80, 1, 'Concern'],
    [1000, 0, 'Concern'],
    [1001, 0, 'Critical'],
  ])('is, at %i MB with continuous growth %i, %s', (growth, continuousGrowth, tier) => {
    expect(statusOf(memoryTiers, { growthBytes: growth * mb, continuousGrowth }).tier).toBe(tier);
  });
});

describe('what was not measured', () => {
  it('has no status', () => {
    expect(statusOf(requestTiers, {})).toEqual({ tier: null, reason: 'not measured' });
    expect(statusOf(localLatencyTiers, { p95Ns: null, p99Ns: null }).tier).toBeNull();
  });

  it('has no status where the table has no limit for the figure', () => {
    expect(statusOf(localLatencyTiers, { p50Ns: 1 }, 'p50Ns').reason).toBe('no threshold for this row');
  });

  it('does not count in the worst of several', () => {
    const good = { tier: 'Good', reason: 'a' } as const;
    const poor = { tier: 'Poor', reason: 'b' } as const;
    expect(worstOf([{ tier: null, reason: 'c' }, good, poor])).toBe(poor);
    expect(worstOf([{ tier: null, reason: 'c' }])).toBeNull();
  });
});
