import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capacitySchema } from '../../src/analyze/capacity/capacity-schema.ts';
import { ExitCode } from '../../src/errors.ts';
import { halfBusy, writeSyntheticRun } from '../analyze/synthetic-run.ts';
import { command } from './command.ts';

let root: string;
let directory: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'capacity-'));
  directory = writeSyntheticRun(root, { process: halfBusy });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('lab capacity', () => {
  it('says how many users and instances, and what the queue does, by the newest run', async () => {
    const { exitCode, stdout } = await command(['capacity', '--out', root, '--users', '1M,10M']);
    expect(exitCode).toBe(ExitCode.ok);
    // Half of a core for 12,200 requests a second: each 41 µs.
    expect(stdout).toContain('A request costs 41 µs of CPU (41 to 41), by run ');
    expect(stdout).toContain('An instance (one core) at 50.00 % CPU answers 12,200 (12,200 to 12,200)');
    expect(stdout).toContain(
      '41.80 % connects (by BEP 15), 41.80 % announces, 16.39 % scrapes (as in the run)',
    );
    expect(stdout).toContain('users that announce every 30 min');
    expect(stdout).toMatch(/^ +10,000,000 +2 /m);
    expect(stdout).toContain('After an outage of 5 min');
  });

  it('prints what its schema says, by the flags', async () => {
    const { exitCode, stdout } = await command([
      ...['capacity', directory, '--json', '--interval', '45m', '--cpu-share', '0.25', '--users', '500k'],
      ...['--scrape-share', '0', '--connect-share', 'run', '--outage', '0', '--seed', '9'],
    ]);
    expect(exitCode).toBe(ExitCode.ok);
    const capacity = capacitySchema.parse(JSON.parse(stdout));
    expect(capacity.assumptions).toMatchObject({
      cpuShare: 0.25,
      intervalMs: 2_700_000,
      outageMs: 0,
      seed: 9,
    });
    expect(capacity.assumptions.mix.connect).toBeCloseTo(200 / 12_200, 6);
    expect(capacity.sizes.map(({ users }) => users)).toEqual([500_000]);
  });

  it('prints Markdown', async () => {
    const { stdout } = await command(['capacity', directory, '--markdown', '--users', '1M']);
    expect(stdout).toMatch(/^# Capacity: /);
    expect(stdout).toContain('## The usual load\n\n| ');
  });

  it('refuses a run whose process was not seen', async () => {
    const blind = writeSyntheticRun(root, { run: { runId: '20200101-000000-blind' }, without: ['process'] });
    const { exitCode, stderr } = await command(['capacity', blind]);
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toMatch(/^NO_CAPACITY: .*CPU time.*Hint: .*--pid/);
  });

  it('refuses runs of several trackers', async () => {
    const other = writeSyntheticRun(root, {
      run: { runId: '20200101-000000-other' },
      target: { name: 'other' },
    });
    const { stderr } = await command(['capacity', `${directory},${other}`]);
    expect(stderr).toMatch(/^NO_CAPACITY: expected runs of one tracker, found .*other/);
  });

  it.each([
    [['--users', '0'], /numbers of users such as/],
    [['--users', 'many'], /numbers of users such as/],
    [['--scrape-share', '0.95'], /from 0 to 0.9/],
    [['--scrape-share', '0.6', '--connect-share', '0.5'], /^BAD_SHARES/],
  ])('refuses %j', async (flags, expected) => {
    const { exitCode, stderr } = await command(['capacity', directory, ...flags]);
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toMatch(expected);
  });
});
