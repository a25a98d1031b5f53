import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../../src/analyze/load-run.ts';
import { timelineFigures } from '../../../src/analyze/page/chart-figures.ts';
import { latencyCurves } from '../../../src/analyze/page/latency-curves.ts';
import { timelineOf } from '../../../src/analyze/page/timeline-charts.ts';
import { buildReport } from '../../../src/analyze/report/build-report.ts';
import { type SyntheticOptions, syntheticEvidence, writeSyntheticRun } from '../synthetic-run.ts';

const alone = { history: { rows: [], brokenLines: 0 }, runs: [] };

function chart(id: string, options: SyntheticOptions = {}) {
  const found = timelineOf(syntheticEvidence(options), null)?.charts.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no chart ${id}`);
  return found;
}

describe('the charts over time', () => {
  it('have a point a second and the phases of the run', () => {
    const timeline = timelineOf(syntheticEvidence(), null);
    expect(timeline?.phases).toEqual([
      { name: 'warm-up', startS: 1, endS: 4 },
      { name: 'clean', startS: 4, endS: 16 },
      { name: 'profiled', startS: 16, endS: 22 },
    ]);
    expect(timeline?.charts.map(({ id }) => id)).toEqual([
      'rps',
      'latency',
      'losses',
      'cpu',
      'memory',
      'gc',
      'loop',
    ]);
    const { x, series } = chart('rps');
    expect(x).toHaveLength(21);
    expect(series.map(({ label }) => label)).toEqual(['Answered', 'Sent']);
  });

  it('print CPU as percent of a core', () => {
    const { series } = chart('cpu', {
      process: (row) => ({ cpuUserMs: row.atMs * 0.5, cpuSystemMs: row.atMs * 0.25 }),
    });
    expect(series.find(({ label }) => label === 'User')?.values.every((value) => value === 50)).toBe(true);
    expect(series.find(({ label }) => label === 'System')?.values.every((value) => value === 25)).toBe(true);
  });

  it('tell losses by their cause', () => {
    const { series } = chart('losses', { load: (row) => ({ timedOut: row.phase === 'clean' ? 30 : 0 }) });
    const timedOut = series.find(({ label }) => label === 'Timed out');
    expect(Math.max(...(timedOut?.values ?? []).map((value) => value ?? 0))).toBe(30);
    expect(series.find(({ label }) => label === 'Error replies')?.values.every((value) => value === 0)).toBe(
      true,
    );
  });

  it('mark each moment at which the loop had stood still for 50 ms', () => {
    const timeline = timelineOf(
      syntheticEvidence({ runtime: (row) => (row.atMs === 10_000 ? { eventLoopDelayNsMax: 80e6 } : {}) }),
      null,
    );
    expect(timeline?.stalls).toEqual([{ atS: 10, delayMs: 80 }]);
  });

  it('mark the longest stalls of more than a chart can show, and count all', () => {
    const evidence = syntheticEvidence();
    const [row] = evidence.timeline.filter((one) => one.kind === 'runtime');
    const timeline = Array.from({ length: 1000 }, (_, index) => ({
      ...(row as NonNullable<typeof row>),
      atMs: index * 1000,
      eventLoopDelayNsMax: (60 + ((index * 7) % 1000) / 100) * 1e6,
    }));
    const drawn = timelineOf({ ...evidence, timeline }, null);
    expect([drawn?.stalls.length, drawn?.stallCount]).toEqual([900, 1000]);
    expect(Math.min(...(drawn?.stalls ?? []).map(({ delayMs }) => delayMs))).toBe(61);
    const times = (drawn?.stalls ?? []).map(({ atS }) => atS);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const words = timelineFigures(buildReport(evidence, alone), drawn).markup;
    expect(words).toContain(
      'At 1,000 moments the event loop had stood still for 50 ms or longer; the 900 longest',
    );
  });

  it('mark the spans in which it was slow', () => {
    const slowSpans = [
      { startMs: 17_000, endMs: 17_100 },
      { startMs: 19_500, endMs: 20_000 },
    ];
    const slices = {
      sliceMs: 100,
      count: 60,
      slow: 6,
      episodes: 2,
      slowNsP99: 9e6,
      otherNsP99: 1e6,
      slowSpans,
    };
    const whenSlow = { verdict: 'none', reason: '', slices, profile: null, testedFunctions: 0 } as const;
    const timeline = timelineOf(syntheticEvidence(), { ...whenSlow, functions: [], conditions: [] });
    expect(timeline?.slowSpans).toEqual([
      { startS: 17, endS: 17.1 },
      { startS: 19.5, endS: 20 },
    ]);
    const words = timelineFigures(buildReport(syntheticEvidence(), alone), timeline).markup;
    expect(words).toMatch(
      / 2 spans of the profiled phase have a foot on the axis: P99 was 2 times its median/,
    );
    const none = timelineOf(syntheticEvidence(), null);
    expect(timelineFigures(buildReport(syntheticEvidence(), alone), none).markup).not.toContain(
      'foot on the axis',
    );
  });

  it('leave out what was not sampled', () => {
    const timeline = timelineOf(syntheticEvidence({ without: ['runtime'] }), null);
    expect(timeline?.charts.map(({ id }) => id)).toEqual(['rps', 'latency', 'losses', 'cpu', 'memory']);
    const memory = timeline?.charts.find(({ id }) => id === 'memory');
    expect(memory?.series.map(({ label }) => label)).toEqual(['Resident (RSS)']);
  });
});

describe('latency by percentile', () => {
  it('ends at the maximum and never falls', () => {
    const directory = writeSyntheticRun(mkdtempSync(path.join(tmpdir(), 'curves-')));
    const { run } = loadRun(directory);
    const curves = latencyCurves(run, (name) => readFileSync(path.join(directory, name), 'utf8'));
    expect(curves.map(({ label }) => label)).toEqual([
      'All requests',
      'Connect',
      'Announce',
      'Scrape',
      'All, under the profilers',
    ]);
    const points = curves[0]?.points ?? [];
    expect(points[0]).toEqual([1, expect.closeTo(0.4, 2)]);
    expect(points.at(-1)).toEqual([146_400, expect.closeTo(3, 2)]);
    for (const [index, [inverse, latencyMs]] of points.slice(1).entries()) {
      const [before, beforeMs] = points[index] as readonly [number, number];
      expect(inverse).toBeGreaterThanOrEqual(before);
      expect(latencyMs).toBeGreaterThanOrEqual(beforeMs);
    }
  });
});
