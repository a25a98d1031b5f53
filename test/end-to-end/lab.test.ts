/** The whole lab as a user runs it: the built command, real trackers, real load, short phases. */
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/analyze/report/report-schema.ts';
import { builtEntry, packageRoot } from '../../src/package-root.ts';
import { type Run, runSchema } from '../../src/run.ts';
import { readPprofFile } from '../lab/capture/read-pprof.ts';
import { differentFields } from '../run-shape.ts';
import type { Child } from './child.ts';
import { type EndedLab, runLab, WatchedLab } from './watched-lab.ts';

const short = ['--warmup', '500ms', '--duration', '2s', '--profile-duration', '1s'];
let root = '';

function lab(args: readonly string[], out: string): Promise<EndedLab> {
  return runLab(['--out', path.join(root, out), ...args]);
}

function runFolders(out: string): string[] {
  const folder = path.join(root, out);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name !== 'history.jsonl')
    .sort()
    .map((name) => path.join(folder, name));
}

function onlyRun(out: string): { folder: string; run: Run; markdown: string } {
  const [folder, ...others] = runFolders(out);
  expect(others).toEqual([]);
  if (folder === undefined) throw new Error(`no run in ${out}`);
  return {
    folder,
    run: runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'))),
    markdown: readFileSync(path.join(folder, 'report.md'), 'utf8'),
  };
}

/** Starts the lab and waits until its clean phase has begun. */
async function labInCleanPhase(out: string): Promise<Child> {
  const args = ['--scenario', 'light', '--warmup', '500ms', '--duration', '30s'];
  const lab = WatchedLab.start(['--out', path.join(root, out), ...args]);
  await lab.child.errorLine((line) => line === 'Phase: clean');
  return lab.child;
}

interface SuiteDocument {
  readonly reports: readonly { readonly scenario: { readonly name: string }; readonly valid: boolean }[];
}

/** 0, or 11 exactly where a report says that this machine was too busy for its load generator. */
function expectJudged({
  exitCode,
  stdout,
  stderr,
}: {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}): void {
  const { reports = [JSON.parse(stdout)] } = JSON.parse(stdout) as Partial<SuiteDocument>;
  expect(exitCode, stderr).toBe(reports.every(({ valid }) => valid) ? 0 : 11);
}

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tracker-lab-lab-'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe.skipIf(process.platform !== 'linux')('a run of our tracker on two threads', () => {
  it('has the stacks of both in one profile, each under its thread', async () => {
    const threads = ['--tracker-workers', '2', '--load-threads', '1'];
    const command = await lab(['--scenario', 'medium', '--json', ...threads, ...short], 'two');
    expectJudged(command);
    const { folder, run } = onlyRun('two');
    expect(run.missingProfiles).toEqual([]);
    const { samples } = readPprofFile(path.join(folder, 'cpu.pb.gz'));
    const handling = samples.filter(({ stack }) => stack.some((frame) => frame.startsWith('onBatch ')));
    const workers = [...new Set(handling.map(({ thread }) => thread))].sort();
    expect(workers).toEqual(['worker 1', 'worker 2']);
    for (const { operations } of run.phases) {
      expect(operations.announce.succeeded).toBeGreaterThan(0);
      expect(operations.scrape.succeeded).toBeGreaterThan(0);
    }
  }, 60_000);
});

describe('a run of our tracker', () => {
  beforeAll(async () => {
    const command = await lab(['--scenario', 'medium', '--json', ...short], 'own');
    expectJudged(command);
    writeFileSync(path.join(root, 'own.json'), command.stdout);
  }, 60_000);

  it('prints exactly one document on stdout: report.json', () => {
    const printed: unknown = JSON.parse(readFileSync(path.join(root, 'own.json'), 'utf8'));
    const { folder } = onlyRun('own');
    expect(printed).toEqual(JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')));
    expect(reportSchema.parse(printed)).toEqual(printed);
  });

  it('counts every request once: outcomes add up, and the tracker agrees', () => {
    const { run } = onlyRun('own');
    const kinds = ['connect', 'announce', 'scrape'] as const;
    for (const { operations } of run.phases) {
      for (const kind of kinds) {
        const { sent, ...outcomes } = operations[kind];
        expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(sent);
      }
    }
    const sent = kinds.map((kind) => run.phases.reduce((sum, phase) => sum + phase.operations[kind].sent, 0));
    const counters = run.trackerCounters ?? {};
    // The pre-flight's own: connects that look for a limiter, an announce from each of two ports and one that takes the
    // peer back, the other nine hashes of the pool announced and taken back, a scrape.
    expect(kinds.map((kind) => counters[`requests.${kind}`])).toEqual([
      (sent[0] as number) + 13,
      (sent[1] as number) + 3 + 18,
      (sent[2] as number) + 1,
    ]);
  });

  it('leaves four profiles, a timeline at 4 Hz and one line of history', () => {
    const { folder, run } = onlyRun('own');
    expect(run.profiles.map(({ kind }) => kind).sort()).toEqual([
      'allocations',
      'cpu',
      'heap-growth',
      'live-heap',
    ]);
    expect(run.missingProfiles).toEqual([]);
    const rows = readFileSync(path.join(folder, 'timeline.ndjson'), 'utf8').trim().split('\n');
    const processRows = rows.map((row) => JSON.parse(row)).filter((row) => row.kind === 'process');
    // 3.5 s of phases at 4 Hz, less what a busy machine may delay.
    expect(processRows.length).toBeGreaterThanOrEqual(10);
    const history = readFileSync(path.join(root, 'own', 'history.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(history.map((line) => JSON.parse(line).runId)).toEqual([run.runId]);
  });

  it('has the fields of the newest run that is kept: a run of this version is kept for those to come', () => {
    const kept = path.join(packageRoot, 'test/fixtures/runs/schema-1-latest');
    const { folder } = onlyRun('own');
    const record = (from: string): unknown => JSON.parse(readFileSync(path.join(from, 'run.json'), 'utf8'));
    // Where this fails: see test/fixtures/runs/record.mjs.
    expect(differentFields(record(folder), record(kept))).toEqual([]);
    const rows = (from: string): Record<string, unknown> =>
      Object.fromEntries(
        readFileSync(path.join(from, 'timeline.ndjson'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { kind: string })
          .map((row) => [row.kind, row]),
      );
    expect(differentFields(rows(folder), rows(kept))).toEqual([]);
  });

  it('names functions of the tracker by their TypeScript source', () => {
    const { markdown } = onlyRun('own');
    expect(markdown).toMatch(/src\/tracker\/[a-z-]+\.ts:\d+/);
    expect(markdown).not.toMatch(/dist\/tracker\//);
  });

  it('can be analysed again with the same result', async () => {
    const { folder, markdown } = onlyRun('own');
    const again = await runLab(['analyze', folder]);
    expect(again.stdout).toContain('Requests/second');
    expect(readFileSync(path.join(folder, 'report.md'), 'utf8')).toBe(markdown);
  });

  it('has profiles whose tables can be printed by themselves', async () => {
    const { folder } = onlyRun('own');
    const cpu = path.join(folder, 'cpu.pb.gz');
    const { stdout } = await runLab(['analyze', cpu, '--count', '3']);
    expect(stdout).toMatch(/Type: cpu/);
    expect(stdout).toMatch(/flat +flat% +sum% +cum +cum%/);
    expect(stdout).toMatch(/Charged to the nearest application function/);
  });
});

describe('a run that is cut short', () => {
  it('by Ctrl-C, which every process of the terminal gets, was not ended by its tracker', async () => {
    const command = await labInCleanPhase('terminal');
    process.kill(-(command.process.pid as number), 'SIGINT');
    expect(await command.exitCode).toBe(130);
    const { folder, run, markdown } = onlyRun('terminal');
    expect(run.partial?.reason).toBe('stopped by SIGINT');
    const again = await runLab(['analyze', folder]);
    expect([again.exitCode, readFileSync(path.join(folder, 'report.md'), 'utf8')]).toEqual([0, markdown]);
    expect(run.targetExit).toMatchObject({ expected: true, exitCode: 0 });
    expect(run.trackerCounters).not.toBeNull();
  });

  it('before its load began leaves no folder', async () => {
    const ended = await lab(['--target', 'udp://127.0.0.1:9'], 'nothing');
    expect(ended.exitCode).toBe(12);
    expect(ended.stderr).toMatch(/TARGET_UNREACHABLE: .*Hint: /);
    expect(runFolders('nothing')).toEqual([]);
  });
});

describe('a profiler that does not start', () => {
  const cannotSample = path.join(import.meta.dirname, 'fixtures', 'no-cpu-profiler.cjs');
  async function withoutProfiler(args: readonly string[], out: string) {
    const port = await freePort();
    const tracker = `${process.execPath} ${builtEntry('tracker/main.js')} --host 127.0.0.1 --port ${port}`;
    const target = ['--target', `udp://127.0.0.1:${port}`, '--exec', tracker];
    const environment = ['--env', `NODE_OPTIONS=--require=${cannotSample}`];
    return lab(['--scenario', 'light', ...short, ...target, ...environment, ...args], out);
  }

  it('stops the run before its load, and leaves no folder', async () => {
    const { exitCode, stderr } = await withoutProfiler([], 'unprofiled');
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(
      /PROFILER_FAILED: the cpu profiler did not start: main: no timer for samples\. Hint: .*--allow-no-profile/,
    );
    expect(stderr).not.toContain('Phase:');
    expect(runFolders('unprofiled')).toEqual([]);
  });

  it('is left out, and the report says so, where the operator permits it', async () => {
    const { stderr } = await withoutProfiler(['--allow-no-profile'], 'permitted');
    expect(stderr).toContain('No cpu profile: main: no timer for samples.');
    const { run } = onlyRun('permitted');
    expect(run.profiles.map(({ kind }) => kind).sort()).toEqual(['allocations', 'heap-growth', 'live-heap']);
    expect(run.missingProfiles).toEqual([{ kind: 'cpu', reason: 'main: no timer for samples' }]);
  });
});

function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

describe('--scenario all', () => {
  it('fills the comparative table of all four reports', async () => {
    const ended = await lab(['--scenario', 'all', '--json', ...short], 'all');
    expectJudged(ended);
    const { reports } = JSON.parse(ended.stdout) as SuiteDocument;
    expect(reports.map(({ scenario }) => scenario.name)).toEqual(['light', 'medium', 'heavy', 'stress']);
    expect(ended.stderr).toMatch(/^Scenario +Workers +RPS .*\nlight .*\nmedium .*\nheavy .*\nstress /m);
    const folders = runFolders('all');
    expect(folders).toHaveLength(4);
    for (const folder of folders) {
      const markdown = readFileSync(path.join(folder, 'report.md'), 'utf8');
      const table = markdown.slice(markdown.indexOf('### Load Test Scenarios'));
      for (const row of ['Light Load', 'Medium Load', 'Heavy Load', 'Stress Test']) {
        expect(table).toMatch(new RegExp(`\\| ${row} +\\| +[\\d,]+ \\| +2(\\.\\d+)? s \\| +[\\d,.]+ \\|`));
      }
      const run = runSchema.parse(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')));
      // Every scenario is pinned like the first, though the lab itself was pinned by it.
      expect(run.environment.pinning).toEqual(firstPinning(folders));
    }
  }, 120_000);
});

function firstPinning(folders: readonly string[]): Run['environment']['pinning'] {
  const first = readFileSync(path.join(folders[0] as string, 'run.json'), 'utf8');
  return runSchema.parse(JSON.parse(first)).environment.pinning;
}
