import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import { appendHistory, comparableRows, parseHistory, readHistory } from '../../src/analyze/history.ts';
import type { HistoryRow } from '../../src/analyze/report/report-schema.ts';
import { assessTrends } from '../../src/analyze/report/trends.ts';
import { writeSyntheticRun } from './synthetic-run.ts';

const row: HistoryRow = {
  schemaVersion: 1,
  runId: 'b',
  startedAt: '2026-01-02T00:00:00.000Z',
  scenario: 'heavy',
  concurrency: 1000,
  ratePerSecond: 0,
  durationMs: 30_000,
  trackerName: 'tracker-lab',
  trackerVersion: '0.1.0',
  requestsPerSecond: 10_000,
  p95Ns: 5e6,
  errorShare: 0,
  memoryGrowthBytes: 1e6,
  cpuMicrosecondsPerRequest: 60,
  valid: true,
  partial: false,
};
const day = (date: number): string => `2026-01-0${date}T00:00:00.000Z`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'history-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('a history', () => {
  it('that is missing is empty', () => {
    expect(readHistory(path.join(root, 'none.jsonl'))).toEqual({ rows: [], brokenLines: 0 });
  });

  it('comes back in order of time, whatever the order of its lines', () => {
    const file = path.join(root, 'history.jsonl');
    appendHistory(file, row);
    appendHistory(file, { ...row, runId: 'a', startedAt: day(1) });
    expect(readHistory(file).rows.map((one) => one.runId)).toEqual(['a', 'b']);
  });

  it('counts broken lines and keeps the others', () => {
    const text = `${JSON.stringify(row)}\n{"runId":1}\nhalf a li`;
    expect(parseHistory(text)).toEqual({ rows: [row], brokenLines: 2 });
  });

  it('begins a new line after one that was cut', () => {
    const file = path.join(root, 'history.jsonl');
    writeFileSync(file, 'half a li');
    appendHistory(file, row);
    expect(readHistory(file)).toEqual({ rows: [row], brokenLines: 1 });
  });

  it('takes the later of two lines of one run', () => {
    const again = { ...row, requestsPerSecond: 11_000 };
    expect(parseHistory(`${JSON.stringify(row)}\n${JSON.stringify(again)}\n`).rows).toEqual([again]);
  });

  it('compares only earlier runs of the same scenario, load and tracker', () => {
    const rows = [
      { ...row, runId: 'earlier', startedAt: day(1) },
      { ...row, runId: 'later', startedAt: day(3) },
      { ...row, runId: 'other-scenario', startedAt: day(1), scenario: 'light' as const },
      { ...row, runId: 'other-load', startedAt: day(1), concurrency: 10 },
      { ...row, runId: 'other-tracker', startedAt: day(1), trackerName: 'another' },
      row,
    ];
    expect(comparableRows({ rows, brokenLines: 0 }, row).map((one) => one.runId)).toEqual(['earlier']);
  });
});

describe('runs of different numbers of tracker workers', () => {
  it('are not compared, and a line that does not tell is of one', () => {
    const history = {
      rows: [
        { ...row, runId: 'two', startedAt: day(1), trackerWorkers: 2 },
        { ...row, runId: 'one', startedAt: day(1), trackerWorkers: 1 },
        { ...row, runId: 'old', startedAt: day(1) },
      ],
      brokenLines: 0,
    };
    const compared = (trackerWorkers: number) =>
      comparableRows(history, { ...row, trackerWorkers }).map(({ runId }) => runId);
    expect(compared(1)).toEqual(['one', 'old']);
    expect(compared(2)).toEqual(['two']);
  });
});

describe('the history of analysed runs', () => {
  it('gets one line a run, however often it is analysed', async () => {
    const historyFile = path.join(root, 'history.jsonl');
    const directory = writeSyntheticRun(root);
    await analyzeRun(directory, { historyFile });
    await analyzeRun(directory, { historyFile });
    expect(readFileSync(historyFile, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('is read and not written where no file is named', async () => {
    const historyFile = path.join(root, 'history.jsonl');
    await analyzeRun(writeSyntheticRun(root, { run: { runId: 'first', startedAt: day(1) } }), {
      historyFile,
    });
    const before = readFileSync(historyFile, 'utf8');
    const { report, markdown } = await analyzeRun(writeSyntheticRun(root, { run: { runId: 'second' } }));
    expect(readFileSync(historyFile, 'utf8')).toBe(before);
    expect(report.history.rows.map((one) => one.runId)).toEqual(['first', 'second']);
    expect(markdown).toContain('RPS +0.0 % on the row above');
  });
});

describe('a run that was cut short', () => {
  it('is compared with no row, and no row with it', async () => {
    const historyFile = path.join(root, 'history.jsonl');
    const partial = { reason: 'stopped by SIGINT' };
    const runs = [
      { runId: 'a', startedAt: day(1) },
      { runId: 'b', startedAt: day(2), partial },
      { runId: 'c', startedAt: day(3) },
    ];
    const told: string[] = [];
    for (const run of runs) {
      const { markdown, report } = await analyzeRun(writeSyntheticRun(root, { run }), { historyFile });
      told.push(`${report.history.trends[0]?.observed} ${markdown}`);
    }
    expect(told[1]).toContain('a run that was cut short is not compared');
    expect(told[1]).toContain('**this run**, partial, not compared with the rows above');
    expect(told[2]).toContain('**this run**, not compared with the row above');
    expect(told[2]).toContain('against a median of 12,200.00 req/s');
    expect(told.join('')).not.toMatch(/RPS [+-][\d.]+ % on the row above/);
  });
});

describe('the trends', () => {
  const earlier = (count: number, requestsPerSecond: number): HistoryRow[] =>
    Array.from({ length: count }, () => ({ ...row, requestsPerSecond }));

  it('give no verdict with fewer than six earlier runs', () => {
    const [throughput] = assessTrends(row, earlier(5, 20_000), null);
    expect(throughput?.answer).toBe('unknown');
    expect(throughput?.observed).toContain('not enough runs');
    expect(throughput?.observed).toContain('-50.0 %');
  });

  it.each([
    [10_900, 'yes'],
    [8_000, 'yes'],
    [12_000, 'no'],
  ])('hold 10,000 req/s against a median of %i with six: %s', (before, answer) => {
    expect(assessTrends(row, earlier(6, before), null)[0]?.answer).toBe(answer);
  });

  it('tell a latency that rose', () => {
    const faster = Array.from({ length: 6 }, () => ({ ...row, p95Ns: 4e6 }));
    expect(assessTrends(row, faster, null)[1]?.answer).toBe('no');
    expect(assessTrends({ ...row, p95Ns: 3e6 }, faster, null)[1]?.answer).toBe('yes');
  });
});
