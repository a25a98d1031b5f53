/** Faults of the network, by a seeded relay in front of our tracker and of a foreign one: every one is reported as it was. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { type Report, reportSchema } from '../../../src/analyze/report/report-schema.ts';
import { builtEntry } from '../../../src/package-root.ts';
import { type OperationCounts, operations, type Run } from '../../../src/run.ts';
import { WatchedLab } from '../watched-lab.ts';
import { type FaultCounts, FaultRelay, type Faults } from './fault-relay.ts';
import { keepFigure } from './figures.ts';
import { foreignTracker, freePort, scratchFolder, type Tracker, trackers } from './lab-under-fault.ts';
import { readRun } from './read-run.ts';

/** Long beside what a busy machine makes a reply wait: the only time-outs are the relay's. */
const TIMEOUT_MS = 1_500;

interface Seen {
  readonly faults: FaultCounts;
  readonly run: Run;
  readonly report: Report;
  readonly sum: OperationCounts;
  readonly strays: { late: number; duplicate: number; unknown: number; malformed: number };
}

async function serve(tracker: Tracker, onTestFinished: TestContext['onTestFinished']): Promise<number> {
  const port = await freePort();
  const args = tracker === 'ours' ? [builtEntry('tracker/main.js'), '--host', '127.0.0.1'] : [foreignTracker];
  const child = spawn(process.execPath, [...args, '--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return port;
}

/** A short load through the relay. */
async function measure(tracker: Tracker, faults: Faults, { onTestFinished }: TestContext): Promise<Seen> {
  const trackerPort = await serve(tracker, onTestFinished);
  const relay = await FaultRelay.open({ trackerPort, faults, seed: 2026 });
  onTestFinished(() => relay.close());
  const out = path.join(scratchFolder(), 'out');
  const lab = WatchedLab.start([
    ...['--out', out, '--json', '--target', `udp://127.0.0.1:${relay.port}`],
    ...['--scenario', 'light', '--rate', '500', '--timeout', `${TIMEOUT_MS}ms`],
    ...['--warmup', '0s', '--duration', '2500ms', '--profile-duration', '0'],
  ]);
  // 11: this machine was too busy to judge the tracker; what was counted is counted.
  const { exitCode, stdout } = await lab.ended();
  expect([0, 11]).toContain(exitCode);
  const run = readRun(out);
  const report = reportSchema.parse(JSON.parse(stdout));
  const total = (field: keyof OperationCounts) =>
    run.phases.reduce(
      (sum, phase) => sum + operations.reduce((all, kind) => all + phase.operations[kind][field], 0),
      0,
    );
  const strays = (field: keyof Seen['strays']) =>
    run.phases.reduce((sum, { strayReplies }) => sum + strayReplies[field], 0);
  return {
    faults: relay.counts,
    run,
    report,
    sum: {
      sent: total('sent'),
      succeeded: total('succeeded'),
      timedOut: total('timedOut'),
      errorReplies: total('errorReplies'),
      malformedReplies: total('malformedReplies'),
      sendFailed: total('sendFailed'),
      unresolved: total('unresolved'),
    },
    strays: {
      late: strays('late'),
      duplicate: strays('duplicate'),
      unknown: strays('unknown'),
      malformed: strays('malformed'),
    },
  };
}

const noStrays = { late: 0, duplicate: 0, unknown: 0, malformed: 0 };

describe.concurrent.each(trackers)('before %s tracker', (tracker) => {
  it.for([
    { percent: 1, faults: { requestLoss: 0.01 } },
    { percent: 30, faults: { requestLoss: 0.15, replyLoss: 0.176 } },
  ])(
    '$percent % loss is the loss that is reported, and every loss is at least a time-out in the percentiles',
    { timeout: 60_000 },
    async ({ percent, faults }, context) => {
      const seen = await measure(tracker, faults, context);
      const lost = seen.faults.lostRequests + seen.faults.lostReplies;
      expect(lost).toBeGreaterThan(0);
      const shares = [seen.sum.timedOut / seen.sum.sent, lost / seen.faults.requests] as const;
      keepFigure(`${percent} % loss`, 'wrong by', Math.abs(shares[0] - shares[1]) * 100, 'points');
      expect(seen.sum.sent).toBe(seen.faults.requests);
      expect(seen.sum.timedOut).toBe(lost);
      expect(seen.sum.succeeded).toBe(seen.sum.sent - lost);
      const { requests, latency } = seen.report.phases.clean as NonNullable<Report['phases']['clean']>;
      // Of the relay's, the report has those of the clean phase: all but those that were sent before it.
      const clean = seen.run.phases.find(({ phase }) => phase === 'clean') as Run['phases'][number];
      const timedOut = operations.reduce((sum, kind) => sum + clean.operations[kind].timedOut, 0);
      expect(requests.timedOut).toBe(timedOut);
      keepFigure(`${percent} % loss`, 'greatest latency', (latency?.maxNs ?? 0) / 1e6, 'ms');
      expect(latency?.maxNs).toBeGreaterThanOrEqual(TIMEOUT_MS * 1e6);
      if (percent === 1) return;
      expect(latency?.p99Ns).toBeGreaterThanOrEqual(TIMEOUT_MS * 1e6);
      expect((latency?.p50Ns ?? 0) / 1e6).toBeLessThan(TIMEOUT_MS);
    },
  );

  it('duplicates of 5 % are counted apart, and 5 % that come after the next one are matched', async (context) => {
    const { faults, sum, strays } = await measure(tracker, { duplicates: 0.05, reordered: 0.05 }, context);
    expect(faults.duplicates).toBeGreaterThan(25);
    expect(faults.reordered).toBeGreaterThan(25);
    keepFigure('5 % duplicates, 5 % reordered', 'replies without a match', sum.sent - sum.succeeded, '');
    keepFigure(
      '5 % duplicates, 5 % reordered',
      'duplicates miscounted',
      strays.duplicate - faults.duplicates,
      '',
    );
    expect(sum.succeeded).toBe(sum.sent);
    expect(strays).toEqual({ ...noStrays, duplicate: faults.duplicates });
  }, 60_000);

  it('damaged replies never count as answers', async (context) => {
    const { faults, sum, strays } = await measure(tracker, { corrupted: 0.05 }, context);
    expect(faults.corrupted).toBeGreaterThan(25);
    keepFigure('5 % damaged', 'taken for answers', sum.succeeded - (sum.sent - faults.corrupted), '');
    expect(sum.succeeded).toBe(sum.sent - faults.corrupted);
    // A damaged transaction id is nobody's; a damaged action is an error or no reply of that kind.
    expect(strays.unknown + sum.malformedReplies + sum.errorReplies).toBe(faults.corrupted);
    expect(sum.timedOut).toBe(strays.unknown);
  }, 60_000);

  it('replies that come after the time-out are late ones', async (context) => {
    const { faults, sum, strays } = await measure(
      tracker,
      { delayed: 0.05, delayMs: TIMEOUT_MS + 100 },
      context,
    );
    expect(faults.delayed).toBeGreaterThan(25);
    keepFigure('5 % later than the time-out', 'time-outs miscounted', sum.timedOut - faults.delayed, '');
    expect(sum.timedOut).toBe(faults.delayed);
    expect(strays.late).toBeGreaterThan(0);
    expect(strays).toEqual({ ...noStrays, late: strays.late });
    expect(sum.succeeded).toBe(sum.sent - faults.delayed);
  }, 60_000);
});
