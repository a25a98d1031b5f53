import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeProfile } from '../../../../src/analyze/profile/decode-profile.ts';
import { formatTop } from '../../../../src/analyze/profile/format-top.ts';
import type { Profile } from '../../../../src/analyze/profile/profile.ts';
import { topTable } from '../../../../src/analyze/profile/top-table.ts';
import { perfNodeArguments } from '../../../../src/lab/capture/perf/perf-node-arguments.ts';
import { perfSource } from '../../../../src/lab/capture/perf/perf-source.ts';
import type { CapturedProfiles } from '../../../../src/lab/capture/profile-source.ts';
import { end, isInstalled, startReady, whyNoPerf } from './real-perf.ts';

const RECORD_MS = 800;
const obstacle = whyNoPerf();
const hasGcc = isInstalled('gcc');
const pprofTool = spawnSync('go', ['tool', '-n', 'pprof'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const hasGo = pprofTool !== '' && existsSync(pprofTool);

let folder = '';
beforeAll(() => {
  // Not perf-…: perf takes any file whose path begins with /tmp/perf- for the map of a JIT compiler.
  folder = mkdtempSync(path.join(os.tmpdir(), 'source-of-perf-'));
  // What perf leaves behind is looked for in a place where nobody else works.
  vi.stubEnv('TMPDIR', folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const capture = () => ({
  phase: 'profiled' as const,
  directory: path.join(folder, 'profiles'),
  durationMs: RECORD_MS,
});
const profileFile = () => path.join(folder, 'profiles/perf.pb.gz');
const leftovers = () => readdirSync(os.tmpdir()).filter((name) => name.startsWith('tracker-lab-perf-'));

function readProfile(): Profile {
  const result = decodeProfile(readFileSync(profileFile()), { fileName: profileFile() });
  if (!result.ok) throw result.problem;
  return result.profile;
}

/** Function names of each sample, leaf first. */
function stacksOf(profile: Profile): string[][] {
  return Array.from({ length: profile.sampleCount }, (_, sample) =>
    [...profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1])].map(
      (frame) => profile.frames[frame]?.functionName ?? '?',
    ),
  );
}

async function record(pid: number): Promise<CapturedProfiles> {
  const source = perfSource({ pids: () => [pid] });
  expect(await source.start(capture())).toEqual([]);
  await delay(RECORD_MS);
  return source.stop(capture());
}

describe.skipIf(obstacle !== null || !hasGcc)(
  `perf on a C program${obstacle === null ? '' : ` (skipped: ${obstacle})`}${hasGcc ? '' : ' (skipped: no gcc)'}`,
  () => {
    let captured: CapturedProfiles;
    let program: Awaited<ReturnType<typeof startReady>>;
    beforeAll(async () => {
      const binary = path.join(folder, 'hot-and-syscalls');
      const source = path.join(import.meta.dirname, 'fixtures/hot-and-syscalls.c');
      execFileSync('gcc', ['-O1', '-fno-omit-frame-pointer', '-pthread', '-o', binary, source]);
      program = await startReady(binary, []);
      captured = await record(program.pid);
    });
    afterAll(async () => {
      await end(program);
    });

    it('writes its samples and the same by slices of time, and tells what is in them', () => {
      expect(captured.missing).toEqual([]);
      expect(captured.files).toEqual([
        {
          kind: 'perf',
          file: 'perf.pb.gz',
          source: expect.stringMatching(/^perf \d/),
          phase: 'profiled',
          durationNs: expect.any(Number),
          threads: [`hot-and-syscall ${program.pid}`, expect.stringMatching(/^hasher \d+$/)],
          interval: { value: 1001, unit: 'microseconds' },
          slices: {
            file: 'perf-slices.pb.gz',
            sliceMs: 100,
            firstSlice: expect.any(Number),
            lastSlice: expect.any(Number),
          },
        },
      ]);
      const { durationNs = 0 } = captured.files[0] ?? {};
      expect(durationNs).toBeGreaterThanOrEqual(RECORD_MS * 0.99e6);
      expect(leftovers()).toEqual([]);
    });

    it('gives its samples slices of the clock that this process has too', () => {
      const file = path.join(folder, 'profiles/perf-slices.pb.gz');
      const decoded = decodeProfile(readFileSync(file), { fileName: file, label: 'slice' });
      const labels = decoded.ok ? [...(decoded.profile.labels ?? [])] : [];
      const { firstSlice = 0, lastSlice = 0 } = captured.files[0]?.slices ?? {};
      expect(lastSlice).toBeGreaterThan(firstSlice);
      // On a busy machine perf begins and ends some hundred milliseconds apart from when this process says so; another
      // clock would be off by far more.
      expect(Math.min(...labels)).toBeGreaterThanOrEqual(firstSlice - 10);
      expect(Math.max(...labels)).toBeLessThanOrEqual(lastSlice + 10);
    });

    it("finds the hot function as the program's own and at the head of its thread", () => {
      const profile = readProfile();
      const { rows } = topTable(profile, { count: 3 });
      const hot = rows.find((row) => row.functionName === 'hash_requests');
      expect(hot?.class).toBe('application');
      expect(path.basename(hot?.file ?? '')).toBe('hot-and-syscalls');
      const hotStacks = stacksOf(profile).filter(([leaf]) => leaf === 'hash_requests');
      expect(hotStacks.map((stack) => stack[1])).toContain('hash_forever');
    });

    it('shows the system call below the function that makes it, with frames of the kernel', () => {
      const profile = readProfile();
      const kernel = profile.frames.filter((frame) => frame.runtime === 'kernel');
      expect(kernel.map((frame) => frame.functionName)).toContain('udp_sendmsg');
      expect(kernel.find((frame) => frame.functionName === 'udp_sendmsg')?.class).toBe('network');
      const call = stacksOf(profile).find((stack) => stack.includes('udp_sendmsg')) ?? [];
      const order = ['udp_sendmsg', 'send_replies', 'main'];
      expect(call.filter((name) => order.includes(name))).toEqual(order);
    });

    it.skipIf(!hasGo)('prints as go tool pprof -top does (skipped where Go is not installed)', () => {
      const output = execFileSync(pprofTool, ['-symbolize=none', '-top', '-nodecount=20', profileFile()], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, TZ: 'UTC' },
      });
      const lines = output.split('\n').filter((line) => !/^(?:File|Build ID): /.test(line));
      expect(formatTop(topTable(readProfile(), { count: 20 }))).toBe(lines.join('\n'));
    });
  },
);

describe.skipIf(obstacle !== null)(
  `perf on a Node program${obstacle === null ? '' : ` (skipped: ${obstacle})`}`,
  () => {
    const script = () => path.join(folder, 'package/src/hot-function.mjs');
    let program: Awaited<ReturnType<typeof startReady>>;
    beforeAll(() => {
      const source = readFileSync(path.join(import.meta.dirname, 'fixtures/hot-function.mjs'));
      execFileSync('mkdir', ['-p', path.dirname(script())]);
      writeFileSync(path.join(folder, 'package/package.json'), '{"type":"module"}');
      writeFileSync(script(), source);
    });
    afterEach(async () => {
      await end(program);
      rmSync(`/tmp/perf-${program.pid}.map`, { force: true });
    });

    it('names the hot function with its file and line', async () => {
      program = await startReady(process.execPath, [...perfNodeArguments, script()]);
      const captured = await record(program.pid);
      expect(captured.missing).toEqual([]);
      const profile = readProfile();
      const [first] = topTable(profile, { count: 1 }).rows;
      expect(first).toMatchObject({
        functionName: 'collectPeers',
        file: 'src/hot-function.mjs',
        line: 5,
        class: 'application',
      });
      const stack = stacksOf(profile).find(([leaf]) => leaf === 'collectPeers') ?? [];
      expect(stack.indexOf('processImmediate')).toBeGreaterThan(0);
      expect(stack.some((name) => name.startsWith('node::'))).toBe(true);
      const inNode = profile.frames.filter((frame) => frame.functionName.startsWith('node::'));
      expect(new Set(inNode.map((frame) => frame.runtime))).toEqual(new Set(['native']));
    });

    it('says which flags are missing where they are, and keeps the file', async () => {
      program = await startReady(process.execPath, [script()]);
      const captured = await record(program.pid);
      expect(captured.files.map(({ file }) => file)).toEqual(['perf.pb.gz']);
      expect(captured.missing.map(({ reason }) => reason)).toEqual([
        `perf.pb.gz: compiled code of node (process ${program.pid}) has no names: ` +
          'start it with node --perf-basic-prof --interpreted-frames-native-stack',
      ]);
    });
  },
);

describe('perf that cannot record', () => {
  const fakePerf = (text: string) => {
    const file = path.join(folder, 'fake-perf');
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const startWith = async (command: string, pids: readonly number[] = [process.pid]) => {
    const source = perfSource({ pids: () => pids, command });
    const missing = await source.start(capture());
    expect(await source.stop(capture())).toEqual({ files: [], missing: [] });
    expect(leftovers()).toEqual([]);
    return missing.map(({ reason }) => reason);
  };

  it('says what to install', async () => {
    expect(await startWith(path.join(folder, 'no-such-perf'))).toEqual([
      'perf is not installed (Debian: apt-get install linux-perf)',
    ]);
  });

  it('says that no process is known, also where those that were have ended', async () => {
    const reason = 'perf needs a process id, and none of the target is known on this machine (pass --pid)';
    expect(await startWith('perf', [])).toEqual([reason]);
    expect(await startWith('perf', [spawnSync('true').pid])).toEqual([reason]);
  });

  it('quotes the error of a perf that ends at once', async () => {
    const command = fakePerf('echo Error: >&2; echo "Out of trees." >&2; exit 3');
    expect(await startWith(command)).toEqual(['perf ended by itself (exit code 3): "Out of trees."']);
  });

  it('tells a perf that dies while it records from one that was asked to end', async () => {
    const command = fakePerf(
      'trap "" INT; case $1 in record) read order <&3; echo ack >&4; echo "failed to write: No space left" >&2; exit 5;; ' +
        'script) echo "incompatible file format" >&2; exit 1;; esac',
    );
    const source = perfSource({ pids: () => [process.pid], command });
    expect(await source.start(capture())).toEqual([]);
    expect(await source.stop(capture())).toEqual({
      files: [],
      missing: [
        { kind: 'perf', reason: 'perf ended by itself (exit code 5): "failed to write: No space left"' },
      ],
    });
    expect(leftovers()).toEqual([]);
  });

  it('ends perf where the target is not known any more', async () => {
    const ended = path.join(folder, 'fake-perf-ended');
    const command = fakePerf(
      `trap 'echo yes > ${ended}; exit 0' INT; read order <&3; echo ack >&4; while :; do sleep 0.1; done`,
    );
    let calls = 0;
    const pids = () => {
      if (calls++ > 0) throw new Error('the target is gone');
      return [process.pid];
    };
    const source = perfSource({ pids, command });
    expect(await source.start(capture())).toEqual([]);
    expect(await source.stop(capture())).toEqual({
      files: [],
      missing: [{ kind: 'perf', reason: 'the target is gone' }],
    });
    expect(existsSync(ended)).toBe(true);
    expect(leftovers()).toEqual([]);
  });
});
