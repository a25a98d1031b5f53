import { describe, expect, it } from 'vitest';
import { type GrowthCause, growthCause, growthWords } from '../../src/analyze/memory-regions.ts';
import { memoryTrend } from '../../src/analyze/memory-series.ts';
import { memoryGrowth } from '../../src/analyze/rules/memory-growth.ts';
import { type Noise, noiseOf } from './noise.ts';
import { type SyntheticOptions, syntheticEvidence } from './synthetic-run.ts';

/** The load's announces: 10,000 a second, 30,000 of them before the clean phase. */
const announcesAt = (atMs: number): number => Math.max(0, atMs - 1_000) * 10;

/** Memory that follows the peers that came, or the requests, each with noise; of a load with so many peers. */
function growing(
  by: 'peers' | 'requests',
  workers: number,
  noise: Noise = (value) => value,
): SyntheticOptions {
  const mostPeers = workers * 5;
  return {
    scenario: { concurrency: workers, hashesPerWorker: 5 },
    process: ({ atMs }) => {
      const announces = announcesAt(atMs);
      const grown =
        by === 'peers' ? mostPeers * (1 - Math.exp(-announces / mostPeers)) * 12_000 : announces * 6_000;
      return { rssBytes: 60e6 + noise(grown) };
    },
  };
}

function causeOf(options: SyntheticOptions): GrowthCause | null {
  const evidence = syntheticEvidence(options);
  return growthCause(evidence, memoryTrend(evidence)?.bytesPerMinute ?? 0);
}

describe('what memory grows by', () => {
  it('is the peers where it slows down with them while requests go on', () => {
    const cause = causeOf(growing('peers', 10_000));
    expect(cause?.by).toBe('peers');
    expect(cause?.bytesPerNewPeer).toBeGreaterThan(8_000);
    expect(cause?.bytesPerNewPeer).toBeLessThan(16_000);
    expect(growthWords(cause as GrowthCause)).toContain('grows by peers');
  });

  it('is the requests where it goes on as fewer peers come, and where all had come before', () => {
    expect(causeOf(growing('requests', 10_000))?.by).toBe('requests');
    expect(growthWords(causeOf(growing('requests', 10_000)) as GrowthCause)).toContain('as fewer peers came');
    expect(causeOf(growing('requests', 100))?.by).toBe('requests');
    expect(growthWords(causeOf(growing('requests', 100)) as GrowthCause)).toContain('had announced before');
  });

  it('is not known where peers come at the pace of the requests', () => {
    expect(causeOf(growing('peers', 1_000_000))?.by).toBe('unknown');
    expect(causeOf(growing('requests', 1_000_000))?.by).toBe('unknown');
  });

  it('is not known where memory does not grow while peers come, or the load was not sampled', () => {
    expect(causeOf({ scenario: { concurrency: 10_000 } })?.by).toBe('unknown');
    expect(causeOf({ ...growing('peers', 10_000), without: ['load'] })?.by).toBe('unknown');
    expect(growthCause(syntheticEvidence({ phases: ['warm-up'] }), 0)).toBeNull();
  });

  it.each([0.001, 0.005, 0.01])('is told alike at a noise of ±%f of what grew', (level) => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      for (const by of ['peers', 'requests'] as const) {
        expect({ seed, by: causeOf(growing(by, 10_000, noiseOf(level, seed)))?.by }).toEqual({ seed, by });
      }
    }
  });
});

describe('memory-growth', () => {
  it('says that it is peers, how much each takes, and what to do about that', () => {
    const options = growing('peers', 10_000);
    const finding = memoryGrowth(
      syntheticEvidence({ ...options, run: { trackerCounters: { peers: 49_000, announces: 150_000 } } }),
    );
    expect(finding.verdict).toBe('found');
    expect(finding.summary).toMatch(/grows by peers, [\d,]+ bytes each/);
    expect(finding.advice.join(' ')).toContain('half of the workers');
    const counted = finding.evidence.find(({ metric }) =>
      metric.startsWith('peers that the tracker counted'),
    );
    expect(counted?.value).toBe(49_000);
  });

  it('says that it is requests, and advises something else', () => {
    const finding = memoryGrowth(syntheticEvidence(growing('requests', 10_000)));
    expect(finding.verdict).toBe('found');
    expect(finding.summary).toMatch(/grows by requests, [\d,]+ bytes each/);
    expect(finding.advice.join(' ')).not.toContain('half of the workers');
  });
});
