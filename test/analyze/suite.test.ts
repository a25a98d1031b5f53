import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import { scalingOf } from '../../src/analyze/page/scaling-curve.ts';
import { assessScaling } from '../../src/analyze/report/comparison.ts';
import { growth } from '../../src/analyze/report/growth-steps.ts';
import type { ScenarioFigures } from '../../src/analyze/report/report-schema.ts';
import { suiteSchema } from '../../src/analyze/report/report-schema.ts';
import { suiteDocument } from '../../src/analyze/report/suite-document.ts';
import { readTables } from './report/markdown-tables.ts';
import { halfBusy, writeSyntheticRun } from './synthetic-run.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'suite-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const scenarios = [
  ['light', 10],
  ['medium', 100],
  ['heavy', 1_000],
  ['stress', 10_000],
] as const;

function writeSuite(): string[] {
  return scenarios.map(([name, concurrency]) =>
    writeSyntheticRun(root, {
      run: { runId: `run-${name}`, suiteId: 'suite-1' },
      scenario: { name, concurrency },
    }),
  );
}

describe('the runs of a suite', () => {
  it('stand in every report, in order of concurrency', async () => {
    for (const directory of writeSuite()) {
      const { report, markdown } = await analyzeRun(directory);
      expect(report.comparison.runs.map((run) => run.scenario)).toEqual([
        'light',
        'medium',
        'heavy',
        'stress',
      ]);
      const table = readTables(markdown).find(({ head }) => head[0] === 'Scenario');
      expect(table?.rows.map((row) => row.slice(0, 4))).toEqual([
        ['Light Load', '10', '12 s', '12,200.00'],
        ['Medium Load', '100', '12 s', '12,200.00'],
        ['Heavy Load', '1,000', '12 s', '12,200.00'],
        ['Stress Test', '10,000', '12 s', '12,200.00'],
      ]);
      expect(report.comparison.scaling.map((one) => one.answer)).not.toContain('note');
    }
  });

  it('leave out runs of other suites, broken neighbours and other folders', async () => {
    const [directory] = writeSuite();
    writeSyntheticRun(root, { run: { runId: 'stranger', suiteId: 'suite-2' } });
    writeSyntheticRun(root, { run: { runId: 'alone' } });
    mkdirSync(path.join(root, 'broken'));
    writeFileSync(path.join(root, 'broken', 'run.json'), '{');
    mkdirSync(path.join(root, 'empty'));
    const { report } = await analyzeRun(directory as string);
    expect(report.comparison.runs).toHaveLength(4);
  });

  it('make one document', async () => {
    const analyzed = await Promise.all(writeSuite().map((directory) => analyzeRun(directory)));
    const document = suiteDocument(
      'suite-1',
      analyzed.map((run) => run.report),
    );
    expect(suiteSchema.safeParse(document).error).toBeUndefined();
    expect(document.reports.map((report) => report.suiteId)).toEqual([
      'suite-1',
      'suite-1',
      'suite-1',
      'suite-1',
    ]);
  });
});

/** A suite whose throughput follows the law with these parameters. */
function writeLawfulSuite(sigma: number, kappa: number, invalid: readonly string[] = []): string[] {
  return scenarios.map(([name, concurrency]) => {
    const rate =
      (50 * concurrency) / (1 + sigma * (concurrency - 1) + kappa * concurrency * (concurrency - 1));
    const answered = { sent: Math.round(rate * 12), succeeded: Math.round(rate * 12) };
    const counted = { timedOut: 0, errorReplies: 0, malformedReplies: 0, sendFailed: 0, unresolved: 0 };
    const none = { sent: 0, succeeded: 0, ...counted };
    return writeSyntheticRun(root, {
      run: { runId: `run-${name}`, suiteId: 'suite-1' },
      scenario: { name, concurrency },
      clean: {
        operations: { connect: none, announce: { ...answered, ...counted }, scrape: none },
        ...(invalid.includes(name)
          ? { threads: [{ cpuShare: 0.99, sendLagNsP50: 2e6, sendLagNsP99: 9e6, sendLagNsMax: 2e7 }] }
          : {}),
      },
      // As Little's law has it, or the run is invalid.
      latenciesNs: [(concurrency / rate) * 1e9],
      process: halfBusy,
    });
  });
}

describe('the law of scaling over the runs of a suite', () => {
  it('stands in each report, in Markdown and as a curve with how well it fits in the page', async () => {
    const [directory] = writeLawfulSuite(0.002, 1e-8);
    const { report, markdown } = await analyzeRun(directory as string);
    expect(report.comparison.law?.usedWorkers).toEqual([10, 100, 1_000, 10_000]);
    expect(report.comparison.law?.fit?.sigma).toBeCloseTo(0.002, 4);
    expect(report.comparison.law?.fit?.rSquared).toBeGreaterThan(0.999);
    expect(markdown).toContain('- Scaling by the Universal Scalability Law: contention σ 0.002');
    const curve = scalingOf(report.comparison)?.fit?.points ?? [];
    expect([curve[0]?.[0], curve.at(-1)?.[0]]).toEqual([10, 10_000]);
    expect(curve[0]?.[1]).toBeCloseTo((50 * 10) / (1 + 0.002 * 9), -1);
    const page = readFileSync(path.join(directory as string, 'report.html'), 'utf8');
    expect(page).toContain('fitted to 4 runs; it explains 100.0 % of the variance');
    expect(page).toContain('"fit":{"label":"Fitted","points":[[10,');
  });

  it('is not fitted where a run says nothing of the tracker, and the page says why', async () => {
    const [directory] = writeLawfulSuite(0.002, 1e-8, ['stress']);
    const { report } = await analyzeRun(directory as string);
    expect(report.comparison.law?.leftOut).toEqual([
      { workers: 10_000, reason: expect.stringContaining('it is invalid: the load generator was the limit') },
    ]);
    const page = readFileSync(path.join(directory as string, 'report.html'), 'utf8');
    expect(page).toContain('No curve is fitted: it needs 4 different numbers of workers, there are 3.');
    expect(scalingOf(report.comparison)?.fit).toBeNull();
  });
});

describe('a run by itself', () => {
  it('says that the other scenarios and the scaling were not measured', async () => {
    const { report, markdown } = await analyzeRun(writeSyntheticRun(root));
    const table = readTables(markdown).find(({ head }) => head[0] === 'Scenario');
    expect(table?.rows[0]?.[3]).toBe('not measured: only heavy ran');
    expect(table?.rows[2]?.[3]).toBe('12,200.00');
    expect(new Set(report.comparison.scaling.map((one) => one.answer))).toEqual(new Set(['unknown']));
  });

  it('of a scenario that is no preset has a row under its own name', async () => {
    const { markdown } = await analyzeRun(writeSyntheticRun(root, { scenario: { name: 'launch-day' } }));
    const table = readTables(markdown).find(({ head }) => head[0] === 'Scenario');
    expect(table?.rows.map((row) => row[0])).toContain('launch-day');
  });
});

describe('the scaling', () => {
  const run = (
    concurrency: number,
    requestsPerSecond: number,
    p95Ms: number,
    cpuCapacityShare: number,
  ): ScenarioFigures => ({
    runId: String(concurrency),
    scenario: 'custom',
    concurrency,
    durationMs: 30_000,
    requestsPerSecond,
    p95Ns: p95Ms * 1e6,
    cpuCapacityShare,
    memoryBytesPerMinute: null,
    status: { tier: 'Good', reason: 'a' },
    notScaling: null,
  });
  const answers = (...runs: ScenarioFigures[]): string[] => assessScaling(runs).map((one) => one.answer);

  it('holds where the rate grows to the CPU and latency after it', () => {
    expect(answers(run(10, 5_000, 1, 0.3), run(20, 9_500, 1.1, 0.6), run(1000, 15_000, 70, 0.98))).toEqual([
      'yes',
      'yes',
      'yes',
    ]);
  });

  it('does not hold where the rate stands still with CPU left', () => {
    expect(answers(run(10, 5_000, 1, 0.3), run(100, 5_100, 20, 0.3))).toEqual(['no', 'no', 'unknown']);
  });

  it('never contradicts the worry about a plateau: it is "no" on any standstill with CPU to spare', () => {
    for (const cpu of [0.2, 0.45, 0.55, 0.7, 0.9]) {
      for (const rate of [4_000, 5_400, 5_600, 9_000]) {
        const runs = [run(10, 5_000, 1, 0.2), run(100, rate, 5, cpu)];
        const standsStill = rate < 5_500;
        expect(answers(...runs)[0]).toBe(standsStill && cpu < 0.8 ? 'no' : 'yes');
        expect(growth(runs).standsStill).toBe(standsStill && cpu < 0.5 ? 'yes' : 'no');
      }
    }
  });

  it('asks for no growth of an open loop', () => {
    const runs = [run(10, 500, 1, 0.1), run(100, 500, 1, 0.1)];
    expect(assessScaling(runs, true)[0]?.answer).toBe('unknown');
  });

  it('asks for no growth from a tracker that is busy already', () => {
    expect(answers(run(10, 5_000, 1, 0.95), run(100, 5_100, 20, 0.97))[0]).toBe('yes');
  });

  it('cannot be told from one run', () => {
    expect(answers(run(10, 5_000, 1, 0.3))).toEqual(['unknown', 'unknown', 'unknown']);
  });
});
