/** `lab compare` of two git revisions of a foreign tracker, and what an interrupt leaves of it. */
import { execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { comparisonSchema } from '../../src/analyze/compare/comparison-schema.ts';
import { builtEntry, packageRoot } from '../../src/package-root.ts';
import { runSchema } from '../../src/run.ts';
import { startChild } from './child.ts';

let root = '';
let repository = '';
/** Where the worktrees go, so that what is left of them shows. */
let temporary = '';

function git(...words: string[]): string {
  return execFileSync(
    'git',
    ['-C', repository, '-c', 'user.name=x', '-c', 'user.email=x@example.org', ...words],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
}

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tracker-lab-revisions-'));
  repository = mkdtempSync(path.join(root, 'repository-'));
  temporary = mkdtempSync(path.join(root, 'tmp-'));
  git('init', '--quiet');
  copyFileSync(
    path.join(packageRoot, 'test/end-to-end/fixtures/counting-tracker.mjs'),
    path.join(repository, 'tracker.mjs'),
  );
  for (const peers of [1, 3]) {
    writeFileSync(path.join(repository, 'peers.mjs'), `export const peers = ${peers};\n`);
    git('add', '.');
    git('commit', '--quiet', '-m', `${peers} peers`);
    git('tag', `peers-${peers}`);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

function compareWords(out: string, port: number, more: readonly string[] = []): string[] {
  return [
    ...[builtEntry('cli/main.js'), 'compare', 'peers-1', 'peers-3', '--out', path.join(root, out)],
    ...['--exec', `node tracker.mjs ${port}`, '--target', `udp://127.0.0.1:${port}`, '--scenario', 'light'],
    ...['--warmup', '100ms', '--repeat', '1', ...more],
  ];
}

/** Nothing of a comparison is left but what it measured. */
async function expectTidy(port: number): Promise<void> {
  expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  expect(readdirSync(temporary)).toEqual([]);
  const socket = dgram.createSocket('udp4').bind(port, '127.0.0.1');
  await once(socket, 'listening');
  socket.close();
}

describe('a comparison of two revisions', () => {
  it('runs each of them, builds each, and leaves no worktree and no process', async () => {
    const port = await freeUdpPort();
    const words = [
      '--duration',
      '300ms',
      '--profile-duration',
      '0s',
      '--build',
      'cp peers.mjs built.mjs',
      '--json',
    ];
    const ended = await execa(process.execPath, compareWords('two', port, words), {
      cwd: repository,
      env: { TMPDIR: temporary },
      reject: false,
    });
    // 11: this machine was too busy for the load generator.
    expect([0, 11], ended.stderr).toContain(ended.exitCode);
    const comparison = comparisonSchema.parse(JSON.parse(ended.stdout));
    expect([comparison.sides.a.label, comparison.sides.b.label]).toEqual([
      `peers-1 (${git('rev-parse', 'peers-1').slice(0, 12)})`,
      `peers-3 (${git('rev-parse', 'peers-3').slice(0, 12)})`,
    ]);
    const [name] = readdirSync(path.join(root, 'two'));
    const folder = path.join(root, 'two', name as string);
    const peersPerAnnounce = (['a', 'b'] as const).map((side) => {
      const [run] = readdirSync(path.join(folder, side));
      const file = path.join(folder, side, run as string, 'run.json');
      const clean = runSchema
        .parse(JSON.parse(readFileSync(file, 'utf8')))
        .phases.find(({ phase }) => phase === 'clean');
      return (clean?.peersReceived ?? 0) / (clean?.operations.announce.succeeded ?? 0);
    });
    expect(peersPerAnnounce).toEqual([1, 3]);
    expect(existsSync(path.join(folder, 'comparison.html'))).toBe(true);
    await expectTidy(port);
  });

  it.each([
    ['SIGINT', 130, 'a run', [], /^Phase: clean$/, 'No comparison: side b has no run'],
    // A shell that waits for another program.
    [
      'SIGINT',
      130,
      'a build',
      ['--build', 'sleep 50; sleep 50'],
      /^Building peers-1/,
      'Nothing was measured.',
    ],
    [
      'SIGTERM',
      143,
      'a build',
      ['--build', 'sleep 51; sleep 51'],
      /^Building peers-1/,
      'Nothing was measured.',
    ],
  ] as const)('ends in order on %s (%i) in %s', async (signal, exitCode, _where, more, moment, word) => {
    const port = await freeUdpPort();
    const out = `${signal}-${more.join('').length}`;
    const words = compareWords(out, port, ['--duration', '20s', ...more]);
    const child = startChild(
      spawn(process.execPath, words, { cwd: repository, env: { ...process.env, TMPDIR: temporary } }),
    );
    try {
      await child.errorLine((line) => moment.test(line));
      child.process.kill(signal);
      expect(await child.exitCode).toBe(exitCode);
      await child.errorLine(
        (line) => line === `${signal}: stopping; what was measured is saved. Once more to end at once.`,
      );
      await child.errorLine((line) => line.startsWith(word));
      // The last of a killed shell's programs may still be on its way out.
      await vi.waitFor(() => expect(runningIn(temporary)).toEqual([]), { timeout: 5_000, interval: 50 });
      await expectTidy(port);
    } finally {
      await child.stop();
    }
  });
});

/** Command lines of the processes whose working folder is, or was, below a folder. */
function runningIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        return cwd.startsWith(folder) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return [];
      }
    });
}
