import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareFolders } from '../../../src/analyze/compare/compare-folders.ts';
import { compareSides } from '../../../src/analyze/compare/compare-sides.ts';
import { comparedRun } from '../../../src/analyze/compare/compared-run.ts';
import { renderComparison } from '../../../src/analyze/compare/comparison-markdown.ts';
import { type ChangedFunction, comparisonSchema } from '../../../src/analyze/compare/comparison-schema.ts';
import { comparisonLines } from '../../../src/analyze/compare/comparison-text.ts';
import { interleavedPairs } from '../../../src/analyze/compare/interleaving.ts';
import { judgeMetrics } from '../../../src/analyze/compare/judge-metrics.ts';
import { spreadWord } from '../../../src/analyze/compare/spread-word.ts';
import { healthyAllocations, healthyCpu } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence, writeSyntheticRun } from '../synthetic-run.ts';

const slowerCpu = drawProfile(
  `
  2600000000                            1200000000                          1000000000                          200000000           600000000
  onMessage@src/tracker/server.ts:40    onMessage@src/tracker/server.ts:40  onMessage@src/tracker/server.ts:40  Node.js             readBatch@node:dgram:10
  encodePeers@src/tracker/encode.ts:12  sendReply@src/tracker/server.ts:90  touchPeer@src/tracker/store.ts:55   Garbage Collection
                                        send
  `,
  { durationNs: 6e9 },
);

/** A run at a minute, with CPU `cost` times the healthy one. */
function options(minute: number, cost: number, more: SyntheticOptions = {}): SyntheticOptions {
  const startedAt = `2026-01-02T03:${String(minute).padStart(2, '0')}:00.000Z`;
  return {
    ...more,
    run: { runId: `run-${minute}`, startedAt, ...more.run },
    process: (row) => ({
      cpuUserMs: row.cpuUserMs * cost,
      cpuSystemMs: row.cpuSystemMs * cost,
      rssBytes: row.rssBytes * (1 + minute / 10_000),
    }),
    profiles: { cpu: cost > 1.02 ? slowerCpu : healthyCpu, allocations: healthyAllocations },
  };
}

/** Costs of the runs of one side around `cost`, at the minutes of A B B A … */
function side(name: 'a' | 'b', cost: number, runs = 6): SyntheticOptions[] {
  return Array.from({ length: runs }, (_, index) => {
    const isFirst = (index % 2 === 0) === (name === 'a');
    return options(2 * index + (isFirst ? 0 : 1), cost * (1 + ((index * 7) % 5) / 1000));
  });
}

function compared(a: readonly SyntheticOptions[], b: readonly SyntheticOptions[]) {
  const runsOf = (all: readonly SyntheticOptions[]) => all.map((one) => comparedRun(syntheticEvidence(one)));
  return compareSides({ label: 'v1', runs: runsOf(a) }, { label: 'v2', runs: runsOf(b) });
}

describe('the comparison of two sides', () => {
  it('calls a tenth more CPU a request worse and names the function', () => {
    const comparison = compared(side('a', 0.8), side('b', 0.88));
    const cpu = comparison.metrics.find(({ metric }) => metric === 'cpuMicrosecondsPerRequest');
    expect(cpu).toMatchObject({ verdict: 'worse', cliffsDelta: 1 });
    expect(cpu?.change).toBeCloseTo(0.1, 2);
    expect(cpu?.interval?.low).toBeGreaterThan(0.09);
    expect(comparison).toMatchObject({ verdict: 'worse', reason: 'CPU per request', interleavedPairs: 6 });
    comparisonSchema.parse(comparison);
  });

  it('shows what changed by function, per request, and whether the runs lie apart', () => {
    const { functions } = compared(side('a', 0.9), side('b', 1.1));
    const [first] = functions.cpu?.charged ?? [];
    expect(first).toMatchObject({ functionName: 'encodePeers', file: 'src/tracker/encode.ts', apart: true });
    // 600 ms more in 73,200 requests of the profiled phase.
    expect(first?.change).toBeCloseTo(600e6 / 73_200, 3);
    expect(functions.allocations?.charged).toEqual([]);
  });

  it('says of ranges that do not meet that so few runs tell nothing', () => {
    const words = (runs: number) => {
      const [first] = compared(side('a', 0.9, runs), side('b', 1.1, runs)).functions.cpu?.charged ?? [];
      return spreadWord(first as ChangedFunction);
    };
    expect([words(3), words(4)]).toEqual(['under 4 runs', 'apart']);
    const spread = { median: 2, min: 1, max: 3 };
    expect(
      spreadWord({
        ...{ functionName: 'f', file: '', change: 1, changeShare: 1, apart: false },
        ...{ a: spread, b: { median: 3, min: 2, max: 4 } },
      }),
    ).toBe('overlaps');
  });

  it('finds nothing between equal sides', () => {
    expect(compared(side('a', 0.9), side('b', 0.9)).verdict).toBe('no difference shown');
  });

  it('gives no verdict and no interval of five runs a side', () => {
    const comparison = compared(side('a', 0.8, 5), side('b', 1.2, 5));
    expect(comparison.verdict).toBe('not enough runs');
    expect(comparison.metrics.every(({ interval }) => interval === null)).toBe(true);
  });

  it('gives no verdict where all runs of one side came before the other', () => {
    const a = Array.from({ length: 6 }, (_, index) => options(index, 0.8));
    const b = Array.from({ length: 6 }, (_, index) => options(index + 20, 1.2));
    const comparison = compared(a, b);
    expect(comparison).toMatchObject({ verdict: 'not enough runs', interleavedPairs: 1 });
    expect(comparison.reason).toContain('took turns');
  });

  it('refuses a verdict across machines and tells what differs', () => {
    const other = side('b', 1.2).map((one) => {
      const { environment } = syntheticEvidence(one).run;
      return { ...one, run: { ...one.run, environment: { ...environment, cpuModel: 'Another CPU' } } };
    });
    const comparison = compared(side('a', 0.8), other);
    expect(comparison.verdict).toBe('not comparable');
    expect(comparison.differences).toEqual([
      { name: 'CPU', a: 'Some CPU @ 2.50GHz', b: 'Another CPU', bars: true },
    ]);
  });

  it('leaves invalid and partial runs out and says so', () => {
    const [first, ...rest] = side('b', 1.2);
    const broken = { ...first, run: { ...first?.run, partial: { reason: 'SIGINT' } } };
    const comparison = compared(side('a', 0.8), [broken, ...rest]);
    expect(comparison.verdict).toBe('not enough runs');
    expect(comparison.notes.join(' ')).toContain('1 of 6 runs of v2 are left out');
  });

  it('has no empty cell and no raw name in Markdown and text', () => {
    const hostile = side('b', 1.1).map((one) => ({ ...one, target: { name: '<img onerror=x> | `x`\n# y' } }));
    const comparison = compared(side('a', 0.9), hostile);
    const markdown = renderComparison(comparison);
    expect(markdown.split('\n').filter((line) => line.startsWith('|') && /\|\s*\|/.test(line))).toEqual([]);
    expect(markdown).not.toMatch(/(?<!\\)<img/);
    expect(comparisonLines(comparison).join('\n')).not.toContain('\n# y');
  });
});

describe('a verdict on a figure', () => {
  it('is none where the change is smaller than what runs of one side differ by', () => {
    const a = [100, 104, 100.1, 104.1, 100.2, 104.2, 100.3, 104.3];
    const b = a.map((value) => value + 4.5);
    const [metric] = judgeMetrics([{ metric: 'p95Ns', a, b: [...b.slice(4), ...b.slice(0, 4)] }], {
      pairs: 8,
      barred: null,
    });
    expect(metric?.noise).toBeCloseTo(0.04, 2);
    expect(metric?.leastChange).toBe(metric?.noise);
  });

  it('turns with the direction that is better', () => {
    const low = [1, 1.001, 1.002, 1.003, 1.004, 1.005];
    const high = low.map((value) => value * 1.2);
    const verdicts = judgeMetrics(
      [
        { metric: 'requestsPerSecond', a: low, b: high },
        { metric: 'p50Ns', a: low, b: high },
      ],
      { pairs: 6, barred: null },
    ).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(['better', 'worse']);
  });
});

describe('interleaving', () => {
  const at = (...minutes: number[]) =>
    minutes.map((minute) => ({ runId: `r${minute}`, startedAt: `2026-01-01T00:${minute}:00Z` }));

  it('counts neighbours of different sides, each once', () => {
    expect(interleavedPairs(at(10, 13, 14), at(11, 12, 15))).toBe(3);
    expect(interleavedPairs(at(10, 11, 12), at(13, 14, 15))).toBe(1);
    expect(interleavedPairs(at(10), [])).toBe(0);
  });
});

describe('the comparison of folders', () => {
  it('makes a page with differential flame graphs of all runs', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'compare-'));
    const folders = (all: readonly SyntheticOptions[]) => all.map((one) => writeSyntheticRun(root, one));
    const { page, comparison } = compareFolders(
      { label: '</script><b>v1', directories: folders(side('a', 0.8, 2)) },
      { label: 'v2', directories: folders(side('b', 1.1, 2)) },
    );
    expect(comparison.verdict).toBe('not enough runs');
    expect(page).toContain('in 2 and 2 runs');
    expect(page).not.toContain('</script><b>v1');
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(1_500_000);
  });

  it('refuses a run that is on both sides', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'compare-'));
    const directories = [writeSyntheticRun(root)];
    expect(() => compareFolders({ label: 'a', directories }, { label: 'b', directories })).toThrow(
      expect.objectContaining({ code: 'SAME_RUN' }),
    );
  });
});
