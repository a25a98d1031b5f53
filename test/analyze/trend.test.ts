import { describe, expect, it } from 'vitest';
import type { HistoryRow } from '../../src/analyze/report/report-schema.ts';
import { historyGroups } from '../../src/analyze/trend/history-groups.ts';
import { historyLines, historyMarkdown } from '../../src/analyze/trend/history-text.ts';

/** A day's run; RPS varies by 2 %. */
function row(day: number, requestsPerSecond: number, more: Partial<HistoryRow> = {}): HistoryRow {
  return {
    schemaVersion: 1,
    runId: `r${day}`,
    startedAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
    scenario: 'heavy',
    concurrency: 1000,
    ratePerSecond: 0,
    durationMs: 30_000,
    trackerName: 'tracker',
    trackerVersion: day < 13 ? '1.0' : '1.1',
    requestsPerSecond: requestsPerSecond * (1 + 0.02 * (((day * 7) % 5) / 5 - 0.4)),
    p95Ns: 5e6,
    errorShare: 0,
    memoryGrowthBytes: 1e6,
    cpuMicrosecondsPerRequest: null,
    valid: true,
    partial: false,
    ...more,
  };
}

const days = Array.from({ length: 20 }, (_, index) => index + 1);
const stepped = days.map((day) => row(day, day < 13 ? 1000 : 880));

describe('the history by scenario and tracker', () => {
  it('marks the run with which a figure changed, and the version', () => {
    const [group] = historyGroups({ rows: stepped, brokenLines: 0 }, () => null);
    expect(group?.changes).toMatchObject([
      { figure: 'requestsPerSecond', runId: 'r13', trackerVersion: '1.1' },
    ]);
    expect(historyLines([group as NonNullable<typeof group>], 20).join('\n')).toContain('change of RPS');
  });

  it('gives the medians of each version, with their change', () => {
    const rows = [...stepped, row(21, 1, { trackerVersion: '1.2', valid: false })];
    const groups = historyGroups({ rows, brokenLines: 0 }, () => null);
    expect(groups[0]?.versions).toMatchObject([
      { trackerVersion: '1.0', runs: 12, p95Ns: 5e6, cpuMicrosecondsPerRequest: null },
      { trackerVersion: '1.1', runs: 8, lastStartedAt: '2026-01-20T00:00:00.000Z' },
    ]);
    const text = historyLines(groups, 20).join('\n');
    expect(text).toMatch(
      / 1\.1 +8 +2026-01-20 +8\d\d\.\d\d \(-1[12]\.\d %\) +5\.00 ms \(\+0\.0 %\) +not measured/,
    );
    expect(historyMarkdown(groups, 20)).toMatch(/\*\*By version\*\*[^\n]*\n\n\| Version/);
  });

  it('finds no change in runs that only vary, and leaves invalid ones out', () => {
    const rows = days.map((day) =>
      row(day, 1000, day % 4 === 0 ? { valid: false, requestsPerSecond: 10 } : {}),
    );
    expect(historyGroups({ rows, brokenLines: 0 }, () => null)[0]?.changes).toEqual([]);
  });

  it('parts scenarios, loads, trackers and their threads', () => {
    const rows = [
      row(1, 1),
      row(2, 1, { scenario: 'light' }),
      row(3, 1, { trackerName: 'other' }),
      row(4, 1, { trackerWorkers: 2 }),
      row(5, 1, { trackerWorkers: 1 }),
    ];
    const groups = historyGroups({ rows, brokenLines: 0 }, () => null);
    expect(groups).toHaveLength(4);
    expect(historyMarkdown(groups, 20)).toContain('on tracker (2 threads): 1 run');
  });

  it('answers the four trends of the newest run', () => {
    const trend = { durationMs: 30_000, bytesPerMinute: 1e6, lastThirdBytesPerMinute: 0, continuous: false };
    const [group] = historyGroups({ rows: stepped, brokenLines: 0 }, () => trend);
    expect(group?.trends.map(({ name, answer }) => `${name} ${answer}`)).toEqual([
      'throughput no',
      'latency yes',
      'errors yes',
      'memory yes',
    ]);
  });

  it('has no empty cell in Markdown', () => {
    const groups = historyGroups(
      { rows: [row(1, 1, { p95Ns: null, trackerName: '|' })], brokenLines: 0 },
      () => null,
    );
    const lines = historyMarkdown(groups, 20).split('\n');
    expect(lines.filter((line) => line.startsWith('|') && /\|\s*\|/.test(line))).toEqual([]);
  });
});
