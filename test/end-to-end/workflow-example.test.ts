/** docs/examples/benchmark.yml: a workflow as GitHub reads it, each of its commands run once with short phases. */
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { thresholdsSchema } from '../../src/analyze/gate/check-thresholds.ts';
import { builtEntry, packageRoot } from '../../src/package-root.ts';
import { halfBusy, writeSyntheticRun } from '../analyze/synthetic-run.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly on: object;
  readonly jobs: Readonly<Record<string, { readonly 'runs-on': string; readonly steps: readonly Step[] }>>;
}

const workflow = parse(
  readFileSync(path.join(packageRoot, 'docs/examples/benchmark.yml'), 'utf8'),
) as Workflow;

let root = '';
let repository = '';
let port = 0;

function git(...words: string[]): string {
  return execFileSync(
    'git',
    ['-C', repository, '-c', 'user.name=x', '-c', 'user.email=x@example.org', ...words],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  ).trim();
}

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'tracker-lab-workflow-'));
  repository = path.join(root, 'repository');
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  port = socket.address().port;
  socket.close();
  await once(socket, 'close');
  mkdirSync(repository);
  git('init', '--quiet');
  const tracker = readFileSync(
    path.join(packageRoot, 'test/end-to-end/fixtures/counting-tracker.mjs'),
    'utf8',
  );
  writeFileSync(path.join(repository, 'package.json'), '{"type":"module"}\n');
  writeFileSync(path.join(repository, 'peers.mjs'), 'export const peers = 2;\n');
  writeFileSync(path.join(repository, 'server.js'), tracker.replace('Number(process.argv[2])', String(port)));
  git('add', '.');
  git('commit', '--quiet', '-m', 'A tracker');
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  // What `npm ci` would install is this build.
  const bin = path.join(root, 'bin');
  mkdirSync(bin);
  const lab = `[ "$1" = tracker-lab ] && shift && exec "${process.execPath}" "${builtEntry('cli/main.js')}" "$@"`;
  writeFileSync(path.join(bin, 'npx'), `#!/bin/sh\n${lab}\nexit 127\n`, { mode: 0o755 });
  writeFileSync(path.join(bin, 'npm'), '#!/bin/sh\n[ "$*" = ci ]\n', { mode: 0o755 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A command of the workflow as GitHub's runner starts it, its phases a part of a second. */
function runStep(text: string) {
  const short = text
    .replaceAll('6969', String(port))
    .replace('--scenario medium', '--scenario light')
    .replaceAll(/(--repeat) \d+/g, '$1 1')
    .replaceAll(/(--(?:warmup|duration|profile-duration)) \d+s/g, '$1 300ms');
  return execa('bash', ['-e', '-c', short], {
    cwd: repository,
    env: {
      PATH: `${path.join(root, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
      TMPDIR: root,
      LAB_WARMUP: '100ms',
      LAB_DURATION: '500ms',
      LAB_PROFILE_DURATION: '300ms',
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: path.join(root, 'summary.md'),
      GITHUB_BASE_REF: 'main',
      GITHUB_SHA: git('rev-parse', 'HEAD'),
    },
    reject: false,
  });
}

function commandsOf(job: string): string[] {
  return (workflow.jobs[job]?.steps ?? []).flatMap(({ run }) => (run === undefined ? [] : [run]));
}

describe('the example of a GitHub workflow', () => {
  it('is a workflow: jobs with steps that each use an action or run a command', () => {
    expect(Object.keys(workflow.on)).toEqual(['push', 'pull_request']);
    expect(Object.keys(workflow.jobs)).toEqual(['thresholds', 'compare']);
    for (const { 'runs-on': machine, steps } of Object.values(workflow.jobs)) {
      expect(machine).toMatch(/^ubuntu-/);
      for (const { uses, run } of steps)
        expect([uses, run].filter((one) => one !== undefined)).toHaveLength(1);
    }
  });

  it('holds its lines, and leaves thresholds, a summary and JUnit', async () => {
    const [install, measure, junit, ...rest] = commandsOf('thresholds');
    expect([install, rest]).toEqual(['npm ci', []]);
    const measured = await runStep(measure as string);
    // 99: this machine is slower than the line; 11: it was too busy for the load generator.
    expect([0, 99, 11], measured.stderr).toContain(measured.exitCode);
    const exported = await runStep(junit as string);
    expect(exported.exitCode, exported.stderr).toBe(0);
    const profiles = path.join(repository, 'profiles');
    expect(readFileSync(path.join(profiles, 'junit.xml'), 'utf8')).toContain('<testsuites');
    const [run] = readdirSync(profiles).filter((name) => /^\d+-\d+-/.test(name));
    const written = thresholdsSchema.parse(
      JSON.parse(readFileSync(path.join(profiles, run as string, 'thresholds.json'), 'utf8')),
    );
    expect(written.results.map(({ threshold }) => threshold)).toEqual([
      'success>=99.9%',
      'p95<20ms',
      'rps>=5000',
    ]);
    expect(readFileSync(path.join(root, 'summary.md'), 'utf8')).toContain('p95');
  });

  it('compares a pull request with its base', async () => {
    const [install, compare, ...rest] = commandsOf('compare');
    expect([install, rest]).toEqual(['npm ci', []]);
    const { exitCode, stdout, stderr } = await runStep(compare as string);
    expect([0, 11], stderr).toContain(exitCode);
    const page = /^Page: +(.*)$/m.exec(stdout)?.[1] ?? '';
    expect(existsSync(page), stdout).toBe(true);
    expect(stdout).toContain('a: origin/main');
  });
});

describe('the built program', () => {
  it('ends in 99 where one of several thresholds fails', async () => {
    const directory = writeSyntheticRun(root, { process: halfBusy });
    const { exitCode, stdout } = await execa(
      process.execPath,
      [
        ...[builtEntry('cli/main.js'), 'analyze', directory],
        ...['--threshold', 'p95<5ms', '--threshold', 'rps>=20000'],
      ],
      { cwd: root, reject: false },
    );
    expect(exitCode).toBe(99);
    expect(stdout).toMatch(/passed {2}p95<5ms[\s\S]*FAILED {2}rps>=20000/);
  });
});
