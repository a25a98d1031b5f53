import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { historySchema } from '../../src/analyze/trend/history-schema.ts';
import { halfBusy, syntheticRun, writeSyntheticRun } from '../analyze/synthetic-run.ts';
import { command } from './command.ts';

/** A results folder with runs `r0`, `r1` …, a minute apart. */
function resultsWith(count: number, below = ''): string {
  const root = mkdtempSync(path.join(tmpdir(), 'lab-compare-'));
  for (let index = 0; index < count; index++) {
    writeSyntheticRun(path.join(root, below), {
      run: { runId: `r${index}`, startedAt: `2026-01-02T03:${10 + index}:00.000Z`, suiteId: 'suite-1' },
      ...(index % 2 === 1 ? { process: halfBusy } : {}),
    });
  }
  return root;
}

describe('lab compare', () => {
  it('prints figures without a verdict for two stored runs and writes the page', async () => {
    const root = resultsWith(2);
    const { exitCode, stdout } = await command(['compare', 'r0', 'r1', '--out', root]);
    expect(stdout).toContain('Not enough runs: 1 valid run a side, 6 needed.');
    expect(stdout).toMatch(/CPU per request +\S+ µs +\S+ µs/);
    expect(exitCode).toBe(0);
    for (const what of ['Page', 'Report']) {
      expect(existsSync(new RegExp(`${what}: +(.*)`).exec(stdout)?.[1] ?? ''), what).toBe(true);
    }
  });

  it('ends in 10 where a figure got worse, with sides of several runs by commas', async () => {
    const root = resultsWith(12);
    const [even, odd] = [0, 1].map((first) =>
      Array.from({ length: 6 }, (_, index) => `r${2 * index + first}`).join(','),
    ) as [string, string];
    const worse = await command(['compare', odd, even, '--out', root, '--json']);
    expect(worse.exitCode).toBe(10);
    expect(JSON.parse(worse.stdout)).toMatchObject({ verdict: 'worse', interleavedPairs: 6 });
    const better = await command(['compare', even, odd, '--out', root, '--markdown']);
    expect(better.exitCode).toBe(0);
    expect(better.stdout).toContain('> **Better: CPU per request.**');
  });

  it('finds the runs of a folder and of a suite, and adds to the summary of a GitHub job', async () => {
    const root = resultsWith(2);
    const other = resultsWith(2, 'old');
    const summary = path.join(root, 'summary.md');
    const { exitCode } = await command(
      ['compare', 'suite-1', path.join(other, 'old'), '--out', root],
      '/nowhere',
      { GITHUB_STEP_SUMMARY: summary },
    );
    expect(exitCode).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('## Figures');
  });

  it('says what it knows where a run is not there', async () => {
    const { exitCode, stderr } = await command(['compare', 'r0', 'r7', '--out', resultsWith(1)]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('NO_SUCH_RUN: there is no run, folder of runs or suite "r7"');
    expect(stderr).toContain('the newest runs are r0');
  });

  it.each([
    [['compare'], 'NO_SIDES'],
    [['compare', '--repeat', '2', '--scenario', 'all'], 'BAD_COMPARISON'],
    [['compare', 'v1', 'v2', '--repeat', '2'], 'BAD_COMPARISON'],
    [['compare', '--repeat', '2', '--build', 'true'], 'BAD_COMPARISON'],
    [['compare', '--repeat', '2', '--a', '--no-such-flag'], 'unknown option'],
  ])('%j is refused before anything runs', async (words, text) => {
    const { exitCode, stderr } = await command(words, mkdtempSync(path.join(tmpdir(), 'lab-compare-')));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(text);
  });
});

describe('--threshold', () => {
  it('ends an analysis in 99 where one fails, prints each and writes thresholds.json', async () => {
    const directory = writeSyntheticRun(mkdtempSync(path.join(tmpdir(), 'lab-gate-')), {
      process: halfBusy,
    });
    const all = ['--threshold', 'p95<5ms', '--threshold', 'rps>=20000'];
    const { exitCode, stdout, stderr } = await command(['analyze', directory, ...all], '/nowhere', {
      GITHUB_ACTIONS: 'true',
    });
    expect(exitCode).toBe(99);
    expect(stdout).toContain('  passed  p95<5ms  (3.00 ms)');
    expect(stdout).toContain('  FAILED  rps>=20000  (12,200.00 req/s)');
    expect(stderr).toBe('::error title=threshold%3A rps>=20000::heavy on tracker-lab: 12,200.00 req/s\n');
    const written = JSON.parse(readFileSync(path.join(directory, 'thresholds.json'), 'utf8')) as object;
    expect(written).toMatchObject({ passed: false, runId: syntheticRun().runId });
  });

  it('takes a baseline from another run, and stays 11 for an invalid one', async () => {
    const root = resultsWith(2);
    const gate = (run: string) =>
      command([
        'analyze',
        path.join(root, run),
        '--threshold',
        'cpuPerRequest<=1.05x baseline',
        '--baseline',
        path.join(root, 'r0'),
      ]);
    expect((await gate('r1')).exitCode).toBe(0);
    const invalid = writeSyntheticRun(mkdtempSync(path.join(tmpdir(), 'lab-gate-')), {
      process: halfBusy,
      clean: {
        threads: [{ cpuShare: 0.99, sendLagNsP50: 2e6, sendLagNsP99: 9e6, sendLagNsMax: 2e7 }],
      },
    });
    const { exitCode } = await command(['analyze', invalid, '--threshold', 'p95<1ns']);
    expect(exitCode).toBe(11);
  });

  it('refuses what it cannot read before anything runs', async () => {
    const { exitCode, stderr } = await command(['--threshold', 'speed>9']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('UNKNOWN_METRIC: no metric "speed"');
    expect(stderr).toContain('rps, success, errors');
  });
});

describe('lab history', () => {
  it('shows the runs of a results folder by scenario and tracker', async () => {
    const root = resultsWith(0);
    const row = {
      schemaVersion: 1,
      runId: 'r1',
      startedAt: '2026-01-02T03:04:05.000Z',
      scenario: 'heavy',
      concurrency: 1000,
      ratePerSecond: 0,
      durationMs: 1,
      trackerName: 'mine',
      trackerVersion: '1.2',
      requestsPerSecond: 1234.5,
      p95Ns: 5e6,
      errorShare: 0,
      memoryGrowthBytes: null,
      cpuMicrosecondsPerRequest: 4.5,
      valid: true,
      partial: false,
    };
    writeFileSync(path.join(root, 'history.jsonl'), `${JSON.stringify(row)}\nbroken\n`);
    const { exitCode, stdout, stderr } = await command(['history', '--out', root]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('heavy (1,000 workers, closed loop) on mine: 1 run');
    expect(stdout).toMatch(/2026-01-02 03:04 +1\.2 +1,234\.50 +5\.00 ms +4\.5 µs/);
    expect(stdout).toContain('cannot be told: RPS stays stable or improves');
    expect(stderr).toContain('1 lines');
    const json = await command(['history', '--out', root, '--json']);
    const document = historySchema.parse(JSON.parse(json.stdout));
    expect(document.groups.map(({ rows, trends }) => [rows.length, trends.length > 0])).toEqual([[1, true]]);
  });

  it('says so where there is none', async () => {
    const { exitCode, stderr } = await command(['history', '--out', resultsWith(0)]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('NO_HISTORY');
  });
});
