import { describe, expect, it } from 'vitest';
import { gcPressure } from '../../../src/analyze/rules/gc-pressure.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { healthyAllocations } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

/** The collector's main thread takes 6 %, and the function that makes most 15 %. */
const cpu = drawProfile(`
  600                 1500                                   7900
  Node.js             onMessage@src/tracker/server.ts:40     onMessage@src/tracker/server.ts:40
  Garbage Collection  encodePeers@src/tracker/encode.ts:12   send
`);

const withHelpers = (helperShare: number | null): SyntheticOptions => ({
  profiles: { cpu, allocations: healthyAllocations },
  process: ({ atMs }) => ({
    cpuUserMs: atMs * 0.6,
    cpuSystemMs: atMs * 0.38,
    v8HelperCpuMs: helperShare === null ? null : atMs * 0.98 * helperShare,
  }),
});

describe("what V8's helper threads collect", () => {
  it('is part of gc-pressure, and told', () => {
    const finding = gcPressure(syntheticEvidence(withHelpers(0.14)));
    expect(finding).toMatchObject({ verdict: 'found', subject: { function: 'encodePeers' } });
    expect(finding.share).toBeCloseTo(0.2);
    expect(finding.summary).toContain("20.0 % of the CPU, 14.0 % of it on V8's helper threads");
    const line = finding.evidence.find(({ metric }) => metric.startsWith("V8's helper threads"));
    expect(line?.value).toBeCloseTo(14);
  });

  it('is not where they do little, or are not known', () => {
    expect(gcPressure(syntheticEvidence(withHelpers(0.03))).verdict).toBe('clear');
    expect(gcPressure(syntheticEvidence(withHelpers(null))).verdict).toBe('clear');
  });

  it('is in the stacks of a profile by perf already', () => {
    const perf = drawProfile(`
      600                                                    9400
      v8::internal::Heap::Scavenge                           serve@tracker.c:40
    `);
    const { process } = withHelpers(0.14);
    const finding = gcPressure(
      syntheticEvidence({ process: process ?? (() => ({})), profiles: { perf }, without: ['runtime'] }),
    );
    expect(finding.verdict).toBe('clear');
  });
});

describe('a function that is hot by what it makes', () => {
  const rules = (options: SyntheticOptions): string[] =>
    judge(syntheticEvidence(options))
      .filter(({ verdict }) => verdict === 'found')
      .map(({ rule }) => rule);

  it('is told as gc-pressure where collecting costs as much', () => {
    expect(rules(withHelpers(0.14))).toEqual(['gc-pressure']);
  });

  it('is told as hot where collecting is the lesser cost and a remark', () => {
    expect(rules(withHelpers(0.06))).toEqual(['cpu-hot-function']);
  });
});

describe('collections of memory that only grows', () => {
  it('are told with the growth, whatever their kind', () => {
    const { process, ...rest } = withHelpers(0.4);
    const growing: SyntheticOptions = {
      ...rest,
      process: (row, index) => ({ ...process?.(row, index), rssBytes: 60e6 + row.atMs * 5_000 }),
      runtime: ({ atMs, heapUsedBytes }) => ({ heapUsedBytes: heapUsedBytes + atMs * 5_000 }),
    };
    const found = judge(syntheticEvidence(growing)).filter(({ verdict }) => verdict === 'found');
    expect(found.map(({ rule }) => rule)).not.toContain('gc-pressure');
    expect(found[0]?.rule).toBe('memory-growth');
    expect(found[0]?.evidence.some(({ metric }) => metric.startsWith("V8's helper threads"))).toBe(true);
  });
});
