import { describe, expect, it } from 'vitest';
import { checkThresholds } from '../../../src/analyze/gate/check-thresholds.ts';
import { parseThreshold } from '../../../src/analyze/gate/parse-threshold.ts';
import { thresholdLines } from '../../../src/analyze/gate/threshold-text.ts';
import { historyRow } from '../../../src/analyze/history.ts';
import { buildReport } from '../../../src/analyze/report/build-report.ts';
import { healthyAllocations } from '../drawn-profiles.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const nothing = { kind: 'history', history: { rows: [], brokenLines: 0 } } as const;

function reportOf(options: SyntheticOptions = {}) {
  return buildReport(syntheticEvidence(options), { history: nothing.history, runs: [] });
}

const report = reportOf({ profiles: { allocations: healthyAllocations } });

describe('a threshold', () => {
  it.each([
    ['p95<5ms', '<', 5e6],
    ['p95 <= 500us', '<=', 500e3],
    ['p99<1.5s', '<', 1.5e9],
    ['announce.p95<20ms', '<', 20e6],
    ['success>=99.9%', '>=', 0.999],
    ['rps>=10000', '>=', 10_000],
    ['rps>10000req/s', '>', 10_000],
    ['cpuPerRequest<=6µs', '<=', 6],
    ['cpuPerRequest<900ns', '<', 0.9],
    ['rss<100MB', '<', 100e6],
    ['memoryGrowth<8MiB', '<', 8 * 2 ** 20],
  ])('%s is read', (text, operator, value) => {
    const threshold = parseThreshold(text);
    expect(threshold.operator).toBe(operator);
    expect(threshold.limit.kind === 'value' ? threshold.limit.value : null).toBeCloseTo(value, 6);
  });

  it('may be a multiple of the baseline', () => {
    expect(parseThreshold('cpuPerRequest<=1.05x baseline').limit).toEqual({ kind: 'baseline', factor: 1.05 });
    expect(parseThreshold('rps >= .95 x baseline').limit).toEqual({ kind: 'baseline', factor: 0.95 });
  });

  it.each([
    ['p95<5', 'BAD_THRESHOLD', /ns, us, µs, ms, s/],
    ['p95<5MB', 'BAD_THRESHOLD', /another unit/],
    ['success>=99.9', 'BAD_THRESHOLD', /%/],
    ['p95=5ms', 'BAD_THRESHOLD', /METRIC/],
    ['p95<-5ms', 'BAD_THRESHOLD', /METRIC/],
    ['p95<5constructor', 'BAD_THRESHOLD', /another unit/],
    ['', 'BAD_THRESHOLD', /METRIC/],
    ['p42<5ms', 'UNKNOWN_METRIC', /p42/],
  ])('%s is refused', (text, code, message) => {
    expect(() => parseThreshold(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }),
    );
  });

  it('that names no metric lists them', () => {
    expect(() => parseThreshold('throughput>1')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/rps, success, errors, p50/) as unknown }),
    );
  });
});

describe('holding a report against thresholds', () => {
  const check = (texts: readonly string[], baseline: Parameters<typeof checkThresholds>[2] = nothing) =>
    checkThresholds(texts.map(parseThreshold), report, baseline);

  it('passes what holds and fails what does not', () => {
    const { passed, results } = check(['p95<5ms', 'success>=99.9%', 'rps>=12200', 'rps>12200', 'rss<1MB']);
    expect(results.map((one) => one.passed)).toEqual([true, true, true, false, false]);
    expect(passed).toBe(false);
    expect(thresholdLines(results)[3]).toBe('FAILED  rps>12200  (12,200.00 req/s)');
  });

  it('knows the bytes allocated per request', () => {
    const [result] = check(['allocatedPerRequest<1kB']).results;
    expect(result?.value).toBeCloseTo(60e6 / 73_200, 3);
    expect(result?.passed).toBe(true);
  });

  it('fails what was not measured', () => {
    const bare = reportOf({ without: ['process'] });
    const [result] = checkThresholds([parseThreshold('cpuPerRequest<9us')], bare, nothing).results;
    expect(result).toMatchObject({ passed: false, value: null });
  });

  it('takes another run as the baseline', () => {
    const baseline = { kind: 'run', report } as const;
    expect(check(['cpuPerRequest<=1.05x baseline', 'p99<=1x baseline'], baseline).passed).toBe(true);
    expect(check(['cpuPerRequest<1x baseline'], baseline).results[0]).toMatchObject({ passed: false });
  });

  it('takes the median of earlier valid runs of the same machine as the baseline', () => {
    const row = historyRow(report);
    const earlier = [4, 5, 6].map((cpu, index) => ({
      ...row,
      runId: `r${index}`,
      startedAt: '2025-01-01T00:00:00Z',
      cpuMicrosecondsPerRequest: cpu * 10,
    }));
    const baseline = { kind: 'history', history: { rows: [...earlier, row], brokenLines: 0 } } as const;
    const [result] = check(['cpuPerRequest<=2x baseline'], baseline).results;
    expect(result).toMatchObject({ passed: true, limit: 100 });
    expect(result?.observed).toContain('the median of 3 earlier runs');
  });

  it('fails closed without a baseline, with one of another machine, and of a figure that the history lacks', () => {
    const moved = reportOf({ run: { environment: { ...report.environment, cpuModel: 'Other' } } });
    const observed = [
      check(['rps>=1x baseline']).results[0],
      check(['rps>=1x baseline'], { kind: 'run', report: moved }).results[0],
      check(['p99<=1x baseline']).results[0],
    ];
    expect(observed.map((one) => one?.passed)).toEqual([false, false, false]);
    expect(observed[1]?.observed).toContain('another machine');
    expect(observed[2]?.observed).toContain('--baseline');
  });
});
