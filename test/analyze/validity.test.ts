import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnalyzedRun, analyzeRun } from '../../src/analyze/analyze.ts';
import { scenarioFigures } from '../../src/analyze/report/comparison.ts';
import type { HistoryRow } from '../../src/analyze/report/report-schema.ts';
import { summarize } from '../../src/analyze/report/summarize.ts';
import { judge } from '../../src/analyze/rules/judge.ts';
import { environmentRecord } from '../../src/analyze/same-environment.ts';
import {
  environmentCheck,
  invalidReason,
  isValid,
  measurementChecks,
  type ValidityCheck,
} from '../../src/analyze/validity.ts';
import { healthyCpu } from './drawn-profiles.ts';
import {
  halfBusy,
  type SyntheticOptions,
  syntheticEvidence,
  syntheticRun,
  writeSyntheticRun,
} from './synthetic-run.ts';

function check(name: ValidityCheck['check'], options: SyntheticOptions = {}): ValidityCheck {
  const found = measurementChecks(syntheticEvidence(options)).find((one) => one.check === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
}

const fullyBusy = (row: { readonly atMs: number }) => ({ cpuUserMs: row.atMs, cpuSystemMs: 0 });

/** A process beside the run that takes that share of a core, by the time of the run. */
const besides = (coresAt: (atMs: number) => number): SyntheticOptions => {
  let foreignMs = 0;
  let lastMs = 0;
  return {
    machine: (row) => {
      foreignMs += coresAt(row.atMs) * (row.atMs - lastMs);
      lastMs = row.atMs;
      return { busyMs: row.busyMs + foreignMs };
    },
  };
};

describe('a healthy run', () => {
  it('is invalid where load threads died with their clients', () => {
    const evidence = syntheticEvidence({ run: { lostClientShare: 0.5 } });
    const lost = measurementChecks(evidence).find((one) => one.check === 'load-complete');
    expect(lost).toMatchObject({
      verdict: 'invalid',
      failure: 'load threads died with 50.0 % of the clients',
    });
  });

  it('is invalid where a closed loop shows that most workers only waited for timeouts', () => {
    const loadComplete = (concurrency: number, timeoutMs: number) =>
      measurementChecks(syntheticEvidence({ scenario: { concurrency, timeoutMs } })).find(
        (one) => one.check === 'load-complete',
      );
    expect(loadComplete(30, 1_000)?.verdict).toBe('invalid');
    expect(loadComplete(30, 1_000)?.failure).toMatch(/^only about 1[1-4] of 30 workers were at work$/);
    expect(loadComplete(12, 1_000)?.verdict).toBe('ok');
    // A phase shorter than two timeouts cannot tell.
    expect(loadComplete(30, 10_000)?.verdict).toBe('ok');
  });

  it('is valid by all checks', () => {
    const checks = measurementChecks(syntheticEvidence());
    expect(checks.map(({ check: name, verdict }) => [name, verdict])).toEqual([
      ['generator-limited', 'ok'],
      ['load-complete', 'ok'],
      ['offered-rate', 'ok'],
      ['foreign-load', 'ok'],
    ]);
    expect(isValid(checks)).toBe(true);
    expect(invalidReason(checks)).toBeNull();
  });
});

describe('shared cores', () => {
  const reason = (options: SyntheticOptions): string => check('generator-limited', options).reason;
  const unpinned = (cpuCount: number, workers: number, loadThreads: number): string => {
    const { environment } = syntheticRun();
    return reason({
      run: { environment: { ...environment, cpuCount, pinning: null } },
      target: { workers },
      scenario: { loadThreads },
    });
  };

  it('are told with what the figures are worth', () => {
    expect(unpinned(2, 2, 1)).toContain(
      '2 workers of the tracker and 1 load thread shared 2 cores: throughput and latency are those of both',
    );
    expect(unpinned(1, 1, 1)).toContain('1 worker of the tracker and 1 load thread shared the only core');
  });

  it('are not told where there was a core for each, or where sides were pinned apart', () => {
    expect(unpinned(3, 2, 1)).not.toContain('shared');
    expect(reason({ target: { workers: 2 } })).not.toContain('shared');
  });
});

describe('generator-limited', () => {
  const thread = { cpuShare: 0.1, sendLagNsP50: 0, sendLagNsP99: 5e6, sendLagNsMax: 9e6 };

  const pinning = { target: '0', generator: '1' };
  const environment = { ...syntheticRun().environment, pinning };
  const late = (cpuShare: number, sendLagNsP99 = 5e6) => ({ ...thread, cpuShare, sendLagNsP99 });

  it('knows that two threads fill the one core that they are pinned to', () => {
    const found = check('generator-limited', {
      run: { environment },
      clean: { threads: [late(0.45), late(0.44)] },
    });
    expect(found.failure).toBe('the load generator was the limit');
    expect(found.reason).toMatch(/The load threads together: 89.0 % of the core that they share/);
    const unpinned = check('generator-limited', {
      run: { environment: { ...environment, pinning: null } },
      clean: { threads: [late(0.45), late(0.44)] },
    });
    expect(unpinned.failure).toMatch(/held up by other work/);
  });

  it('is not "ok" where a rate was asked for and nothing was sent, late or not', () => {
    const none = Object.fromEntries(
      Object.entries(syntheticRun().phases[1]?.operations ?? {}).map(([name, counts]) => [
        name,
        { ...counts, sent: 0, succeeded: 0 },
      ]),
    );
    const options = {
      scenario: { ratePerSecond: 400_000 },
      clean: { threads: [late(0.95, 0)], operations: none as never, notSent: 4_800_000 },
    };
    const found = check('generator-limited', options);
    expect(found.verdict).toBe('invalid');
    expect(found.reason).toMatch(/95.0 % of a core, nothing was sent/);
    expect(check('offered-rate', options)).toMatchObject({
      verdict: 'invalid',
      reason: expect.stringMatching(
        /^0 of 400,000 .*4,800,000 that were due never were: the generator's core is full/,
      ),
    });
  });

  it('is the rule of that name', () => {
    expect(check('generator-limited', { clean: { threads: [thread] } }).verdict).toBe('invalid');
    expect(check('generator-limited', { clean: { threads: [] } }).verdict).toBe('not measured');
  });
});

describe('offered-rate', () => {
  // 12 s with 12,200 requests a second.
  it.each([
    [12_200, 'ok'],
    [12_323, 'ok'],
    [12_330, 'invalid'],
    [20_000, 'invalid'],
  ])('of %i requests a second is %s', (ratePerSecond, verdict) => {
    expect(check('offered-rate', { scenario: { ratePerSecond } }).verdict).toBe(verdict);
  });

  it.each([
    ['its full core', { cpuShare: 0.9 }, halfBusy, /the generator's core is full \(90.0 %\)/],
    ['other work', { cpuShare: 0.4 }, halfBusy, /CPU was not full \(40.0 %\), other work held it up/],
    ['the tracker on its cores', { cpuShare: 0.4 }, fullyBusy, /the tracker is full \(.* %\w* of its CPU\)/],
    ['nothing that was measured', { cpuShare: null }, halfBusy, /why is not known/],
  ])('names what kept the generator from sending: %s', (_, cpu, process, reason) => {
    const thread = { sendLagNsP50: 0, sendLagNsP99: 0, sendLagNsMax: 0, ...cpu };
    const found = check('offered-rate', {
      scenario: { ratePerSecond: 20_000 },
      run: { environment: { ...syntheticRun().environment, cpuCount: 1, pinning: null } },
      clean: { threads: [thread] },
      process,
    });
    expect(found.reason).toMatch(reason);
  });

  it('says that a tracker that answers less than was sent is full, which voids nothing', () => {
    const found = check('offered-rate', {
      scenario: { ratePerSecond: 12_200 },
      announce: { timedOut: 60_000 },
      process: fullyBusy,
    });
    expect(found.verdict).toBe('ok');
    expect(found.reason).toMatch(/as asked for\. 59.0 % of them were served: the tracker is full \(100/);
  });

  it('allows a request each thread that was due at the edge of the phase', () => {
    const connect = { ...syntheticRun().phases[1]?.operations.connect, sent: 1, succeeded: 1 };
    const none = { ...connect, sent: 0, succeeded: 0 };
    const few = (loadThreads: number) =>
      check('offered-rate', {
        scenario: { ratePerSecond: 0.25, loadThreads },
        clean: { operations: { connect, announce: none, scrape: none } as never },
      }).verdict;
    expect(few(1)).toBe('invalid');
    expect(few(2)).toBe('ok');
  });

  it('cannot be told without a clean phase', () => {
    const options = { scenario: { ratePerSecond: 100 }, phases: ['warm-up'] as const };
    expect(check('offered-rate', options).verdict).toBe('not measured');
  });
});

describe('foreign-load', () => {
  it.each([
    [0.15, 'ok'],
    [0.25, 'invalid'],
    [1, 'invalid'],
  ])('of %f cores beside a run on two is %s', (cores, verdict) => {
    expect(
      check(
        'foreign-load',
        besides(() => cores),
      ).verdict,
    ).toBe(verdict);
  });

  it('does not take the target or the lab for others, however busy they are', () => {
    const busy: SyntheticOptions = {
      process: (row) => ({ cpuUserMs: row.atMs * 3, cpuSystemMs: row.atMs }),
      machine: (row) => ({ labMs: row.labMs * 4, busyMs: row.busyMs + row.labMs * 3 }),
    };
    const line = check('foreign-load', busy).evidence[0];
    expect(line?.value).toBeCloseTo(0.02, 6);
  });

  it('goes by the upper quartile of the seconds: a short burst is not enough, a third of the phase is', () => {
    const longer = besides((atMs) => (atMs > 6_000 && atMs < 11_000 ? 1.5 : 0));
    expect(check('foreign-load', longer).verdict).toBe('invalid');
    const burst = besides((atMs) => (atMs > 6_000 && atMs < 8_000 ? 1.5 : 0));
    expect(check('foreign-load', burst).verdict).toBe('ok');
    const worst = check('foreign-load', burst).evidence.find((line) => line.metric.includes('worst'));
    expect(worst?.value).toBeGreaterThan(1);
  });

  it('is not moved by samples of machine and target that were taken apart', () => {
    const apart: SyntheticOptions = {
      machine: (row, index) => {
        const shift = (index % 2) * 90;
        const perMs = 0.9 + 0.5 + 0.02;
        return {
          atMs: row.atMs + shift,
          busyMs: row.busyMs + shift * perMs,
          labMs: row.labMs + shift * 0.5,
        };
      },
    };
    expect(check('foreign-load', apart).evidence[0]?.value).toBeCloseTo(0.02, 6);
  });

  it('adds interrupts where the kernel books them on processes as well, and only there', () => {
    const bookedTwice = (foreignShare: number): SyntheticOptions => ({
      // Of what processes used, half a core were interrupts, which the machine counts apart.
      machine: (row) => ({
        busyMs: row.busyMs - row.atMs * 0.5 + row.atMs * foreignShare,
        interruptMs: row.atMs * 0.5,
      }),
    });
    expect(check('foreign-load', bookedTwice(0)).evidence[0]?.value).toBeCloseTo(0.02, 6);
    expect(check('foreign-load', bookedTwice(0.3)).verdict).toBe('invalid');
    const apart: SyntheticOptions = { machine: (row) => ({ interruptMs: row.atMs * 0.5 }) };
    expect(check('foreign-load', apart).evidence[0]?.value).toBeCloseTo(0.02, 6);
  });

  it('counts what the hypervisor took', () => {
    const stolen = check('foreign-load', { machine: (row) => ({ stolenMs: row.atMs * 0.3 }) });
    expect(stolen.verdict).toBe('invalid');
    expect(stolen.reason).toContain('the hypervisor 0.30');
  });

  it('cannot be told without samples of the machine or of the target, or in a short phase', () => {
    expect(check('foreign-load', { without: ['machine'] }).verdict).toBe('not measured');
    expect(check('foreign-load', { without: ['process'] }).verdict).toBe('not measured');
    const short = check('foreign-load', { clean: { startMs: 4_000, endMs: 6_500 } });
    expect(short.verdict).toBe('not measured');
    expect(short.reason).toContain('3 are needed');
  });

  it('needs no process of a remote tracker: it runs elsewhere', () => {
    const remote: SyntheticOptions = {
      target: { kind: 'address', network: 'remote', pid: null },
      without: ['process'],
      machine: (row) => ({ busyMs: row.labMs + row.atMs * 0.01 }),
    };
    expect(check('foreign-load', remote).verdict).toBe('ok');
  });
});

describe('the environment', () => {
  const evidence = syntheticEvidence();
  const record = environmentRecord(evidence.run.environment);
  const row = (environment: HistoryRow['environment']): HistoryRow => {
    const bare = { startedAt: '2026-01-01T00:00:00.000Z' } as HistoryRow;
    return environment === undefined ? bare : { ...bare, environment };
  };

  it('is all right where it is the same, or there is nothing to compare with', () => {
    expect(environmentCheck(evidence, undefined).verdict).toBe('ok');
    expect(environmentCheck(evidence, row(record)).verdict).toBe('ok');
  });

  it.each<[string, Partial<NonNullable<HistoryRow['environment']>>, string]>([
    ['CPU', { cpuModel: 'Another CPU' }, 'the CPU is Some CPU @ 2.50GHz, was Another CPU'],
    ['cores', { cpuCount: 8 }, 'the number of cores is 2, was 8'],
    ['kernel', { kernel: '5.10.0' }, 'the kernel is 6.1.0, was 5.10.0'],
    ['Node.js', { nodeVersion: 'v24.0.0' }, 'Node.js is v20.20.2, was v24.0.0'],
    ['pinning', { pinning: null }, 'the pinning (tracker:generator) is 0:1, was none'],
  ])('has changed with the %s, and both are named', (_, over, told) => {
    const changed = environmentCheck(evidence, row({ ...record, ...over }));
    expect(changed.verdict).toBe('changed');
    expect(changed.reason).toContain(told);
    expect(isValid([changed])).toBe(true);
  });

  it('is not known of a row of an older version', () => {
    expect(environmentCheck(evidence, row(undefined)).verdict).toBe('not measured');
  });
});

describe('an invalid run', () => {
  const invalid: SyntheticOptions = { ...besides(() => 1), profiles: { cpu: healthyCpu } };

  it('has no finding about the tracker', () => {
    const findings = judge(syntheticEvidence(invalid));
    const others = findings.filter((finding) => finding.rule !== 'generator-limited');
    expect(new Set(others.map((finding) => finding.verdict))).toEqual(new Set(['insufficient-data']));
    expect(others[0]?.summary).toContain('others took CPU of this machine');
  });

  it('has no status in the table of scenarios', () => {
    expect(scenarioFigures(syntheticEvidence(besides(() => 1))).status).toEqual({
      tier: null,
      reason: 'the run is invalid: others took CPU of this machine',
    });
  });
});

describe('the report', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'validity-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const analyze = (options: SyntheticOptions): Promise<AnalyzedRun> =>
    analyzeRun(writeSyntheticRun(root, options), { historyFile: path.join(root, 'history.jsonl') });
  const shell = (): string => path.join(root, 'x');

  it('has the verdict first in its results, and says nothing of it in the terminal where all is well', async () => {
    const { report, markdown } = await analyze({});
    expect(report.validity.valid).toBe(true);
    expect(report.validity.checks.map((one) => one.check)).toEqual([
      'generator-limited',
      'load-complete',
      'offered-rate',
      'foreign-load',
      'environment',
    ]);
    expect(markdown).toMatch(/## Results Summary\n\n#### Validity\n\n\| Check/);
    expect(summarize(report, shell()).join('\n')).not.toContain('Validity');
  });

  it('of a run beside others says so everywhere', async () => {
    const { report, markdown } = await analyze(besides(() => 1));
    expect(report.valid).toBe(false);
    expect(report.validity.valid).toBe(false);
    expect(markdown).toContain('> **Invalid:** others took CPU of this machine.');
    expect(report.history.rows.at(-1)?.valid).toBe(false);
    const lines = summarize(report, shell()).join('\n');
    expect(lines).toContain('INVALID, others took CPU of this machine');
    expect(lines).toContain('Validity, foreign-load: invalid.');
    expect(lines).toContain('when nothing else is at work on this machine');
  });

  it('of a run in a changed environment keeps its figures and gives up the comparison', async () => {
    for (let day = 1; day <= 7; day++) {
      await analyze({ run: { runId: `run-${day}`, startedAt: `2026-01-0${day}T00:00:00.000Z` } });
    }
    const same = await analyze({ run: { runId: 'same', startedAt: '2026-01-08T00:00:00.000Z' } });
    expect(same.report.history.trends[0]?.answer).toBe('yes');
    const environment = { ...syntheticRun().environment, kernel: '6.9.0' };
    const other = await analyze({
      run: { runId: 'other', startedAt: '2026-01-09T00:00:00.000Z', environment },
    });
    expect(other.report.valid).toBe(true);
    expect(other.report.validity.checks.at(-1)?.verdict).toBe('changed');
    expect(other.report.history.trends[0]?.answer).toBe('unknown');
    expect(other.markdown).toContain('environment changed: no comparison with the rows above');
    expect(summarize(other.report, shell()).join('\n')).toContain('Validity, environment: changed.');
  });
});
