/** Runs as earlier versions wrote them: every one opens, whatever was added since. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeRun } from '../../src/analyze/analyze.ts';
import { packageRoot, packageVersion } from '../../src/package-root.ts';
import { RUN_SCHEMA_VERSION, type Run } from '../../src/run.ts';
import { command } from '../cli/command.ts';

const fixtures = path.join(packageRoot, 'test/fixtures/runs');
const names = readdirSync(fixtures).filter((name) => name.startsWith('schema-'));

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'older-runs-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function copyOf(name: string): string {
  const folder = path.join(root, name);
  cpSync(path.join(fixtures, name), folder, { recursive: true });
  return folder;
}

describe('a run of an earlier version', () => {
  it('is kept of every schema version', () => {
    const versions = new Set(names.map((name) => Number(/^schema-(\d+)-/.exec(name)?.[1])));
    expect([...versions].sort()).toEqual(Array.from({ length: RUN_SCHEMA_VERSION }, (_, index) => index + 1));
  });

  it('is kept of this version of the lab, and so of each that was released', () => {
    const versions = names.map((name) => {
      const run = JSON.parse(readFileSync(path.join(fixtures, name, 'run.json'), 'utf8')) as Run;
      return run.environment.labVersion;
    });
    const changes = readFileSync(path.join(packageRoot, 'CHANGELOG.md'), 'utf8');
    const released = [...changes.matchAll(/^## \[?(\d+\.\d+\.\d+)/gm)].map(
      ([, version]) => version as string,
    );
    // Where this fails: see test/fixtures/runs/record.mjs.
    expect(versions).toEqual(expect.arrayContaining([packageVersion, ...released]));
  });

  it.each(names)('%s is analysed to a whole report', async (name) => {
    const folder = copyOf(name);
    const { report, markdown } = await analyzeRun(folder);
    expect(report.phases.clean?.requests.succeeded).toBeGreaterThan(500);
    expect(report.top.cpu?.raw.rows.length).toBeGreaterThan(0);
    expect(markdown).toContain('# BitTorrent UDP Tracker Benchmark Results');
  });

  it('of a version to come is refused with a clear error', async () => {
    const folder = copyOf('schema-1-latest');
    const file = path.join(folder, 'run.json');
    const run = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...run, schemaVersion: RUN_SCHEMA_VERSION + 1 }));
    const { exitCode, stderr } = await command(['analyze', folder]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^RUN_VERSION: expected .*schemaVersion 1, found 2\. Hint: .*tracker-lab that made it/,
    );
  });
});

describe('a folder of somebody else', () => {
  it.each(['report.json', 'report.md', 'report.html'])(
    'cannot have a file outside of it written through a link in place of %s',
    async (name) => {
      const folder = copyOf('schema-1-latest');
      const [secret, other] = ['secret', 'other'].map((file) => path.join(root, file)) as [string, string];
      for (const file of [secret, other]) writeFileSync(file, 'mine');
      symlinkSync(secret, path.join(folder, `${name}.tmp`));
      symlinkSync(other, path.join(folder, name));
      await analyzeRun(folder);
      for (const file of [secret, other]) expect(readFileSync(file).length, file).toBe('mine'.length);
      expect(readFileSync(path.join(folder, name), 'utf8').length).toBeGreaterThan(1000);
    },
  );

  it('that is a link among the runs of a suite is passed over', async () => {
    const folder = copyOf('schema-1-latest');
    const elsewhere = path.join(root, 'elsewhere');
    const runs = path.join(root, 'runs');
    for (const [to, runId, concurrency] of [
      [path.join(runs, 'a'), 'a', 10],
      [elsewhere, 'b', 20],
    ] as const) {
      cpSync(folder, to, { recursive: true });
      const file = path.join(to, 'run.json');
      const run = JSON.parse(readFileSync(file, 'utf8'));
      run.scenario.concurrency = concurrency;
      writeFileSync(file, JSON.stringify({ ...run, runId, suiteId: 'suite-1' }));
    }
    symlinkSync(elsewhere, path.join(runs, 'b'));
    const { report } = await analyzeRun(path.join(runs, 'a'));
    expect(report.comparison.runs.map(({ runId }) => runId)).toEqual(['a']);
  });
});
