/** Trackers that are not ours, taken as they are: a Node command, a Go program with pprof handlers, any program by perf. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { Profile } from 'pprof-format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Report, reportSchema } from '../../src/analyze/report/report-schema.ts';
import { builtEntry, packageRoot } from '../../src/package-root.ts';
import { runLab } from './watched-lab.ts';

const short = ['--scenario', 'light', '--warmup', '500ms', '--duration', '1s', '--profile-duration', '2s'];
const hasGo = spawnSync('go', ['version']).status === 0;
const hasPerf = spawnSync('perf', ['record', '-o', '/dev/null', 'true']).status === 0;
let root = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tracker-lab-targets-'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

async function freeTcpPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs the lab and reads its report. Exit code 11: this machine was too busy to judge; all the rest must be there. */
async function labReport(out: string, args: readonly string[]): Promise<Report> {
  const folder = path.join(root, out);
  const ended = await runLab(['--out', folder, '--json', ...short, ...args]);
  expect([0, 11], ended.stderr).toContain(ended.exitCode);
  return reportSchema.parse(JSON.parse(ended.stdout));
}

function runFolderOf(out: string): string {
  const [run] = readdirSync(path.join(root, out)).filter((name) => name !== 'history.jsonl');
  return path.join(root, out, run as string);
}

function markdownOf(out: string): string {
  return readFileSync(path.join(runFolderOf(out), 'report.md'), 'utf8');
}

/** CPU time in ns by the label `tracker`; of samples without one by ''. */
function cpuByTracker(file: string): Map<string, number> {
  const { stringTable, sampleType, sample } = Profile.decode(gunzipSync(readFileSync(file)));
  const text = (index: number | bigint) => stringTable.strings[Number(index)];
  const column = sampleType.findIndex(({ unit }) => text(unit) === 'nanoseconds');
  const byTracker = new Map<string, number>();
  for (const { label, value } of sample) {
    const whose = text(label.find(({ key }) => text(key) === 'tracker')?.str ?? 0) ?? '';
    byTracker.set(whose, (byTracker.get(whose) ?? 0) + Number(value[column]));
  }
  return byTracker;
}

describe.skipIf(process.platform !== 'linux')('an address alone', () => {
  it('shows what its socket dropped, so that a slow tracker is not taken for a silent one', async () => {
    const tracker = fork(fileURLToPath(new URL('slow-tracker.mjs', import.meta.url)));
    try {
      const [{ port }] = (await once(tracker, 'message')) as [{ port: number }];
      // What it serves in its 2 ms a request is a quarter of the rate.
      const report = await labReport('address', [
        ...[
          '--target',
          `udp://127.0.0.1:${port}`,
          '--rate',
          '2000',
          '--timeout',
          '500ms',
          '--duration',
          '2s',
        ],
      ]);
      expect(report.target).toMatchObject({ kind: 'address', pid: null });
      const { requests, timeoutCauses: causes } = report.phases.clean as NonNullable<
        Report['phases']['clean']
      >;
      expect(causes.droppedAtTracker).toBeGreaterThan(requests.sent / 4);
      // Every request that was lost was lost there, but for those in the last queue.
      expect(causes.silent).toBeLessThan(requests.timedOut / 50);
      expect(causes.unassigned).toBeLessThan(requests.timedOut / 50);
      expect(
        causes.late + causes.silent + (causes.droppedAtTracker ?? 0) + (causes.droppedAtGenerator ?? 0),
      ).toBe(requests.timedOut);
      expect(report.phases.clean?.target.cpuShare).toBeNull();
    } finally {
      tracker.kill('SIGKILL');
    }
  });
});

describe('a Node command', () => {
  it('is profiled by the preload without a change to it', async () => {
    const port = await freeUdpPort();
    const command = `node ${builtEntry('tracker/main.js')} --host 127.0.0.1 --port ${port}`;
    const report = await labReport('node', ['--target', `udp://127.0.0.1:${port}`, '--exec', command]);
    expect(report.target).toMatchObject({ kind: 'command', runtime: `Node.js ${process.version}` });
    for (const pair of [report.top.cpu, report.top.allocations, report.top.liveHeap]) {
      expect(pair?.raw.rows.length).toBeGreaterThan(0);
    }
    expect(report.phases.clean?.requests.succeeded).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasGo)(
  `a Go program with pprof handlers${hasGo ? '' : ' (skipped: Go is not installed)'}`,
  () => {
    let program = '';
    beforeAll(async () => {
      program = path.join(root, 'go-tracker');
      const source = path.join(packageRoot, 'test', 'fixtures', 'go-tracker');
      await execa('go', ['build', '-o', program, '.'], { cwd: source });
    }, 120_000);

    it('gives its seven profiles and its version', async () => {
      const [port, pprofPort] = [await freeUdpPort(), await freeTcpPort()];
      const command = `${program} -addr 127.0.0.1:${port} -pprof 127.0.0.1:${pprofPort} -mutex-fraction 1 -block-rate 1`;
      const report = await labReport('go', [
        ...['--target', `udp://127.0.0.1:${port}`],
        ...['--exec', command],
        // A tracker this small may keep less than Go's 512 KiB between two samples of its heap.
        ...['--env', 'GODEBUG=memprofilerate=4096'],
        ...['--pprof', `http://127.0.0.1:${pprofPort}/debug/pprof`],
      ]);
      expect(report.target.runtime).toMatch(/^go1\./);
      const { cpu, allocations, liveHeap, goroutine } = report.top;
      for (const pair of [cpu, allocations, liveHeap, goroutine]) expect(pair).not.toBeNull();
      // Whether anybody waited for a lock in these two seconds is the scheduler's choice: there, or missing with a reason.
      const reasons = report.notMeasured.map(({ figure }) => figure);
      for (const kind of ['mutex', 'block'] as const) {
        expect(report.top[kind] !== null || reasons.includes(`top.${kind}`), kind).toBe(true);
      }
      expect(allocations?.charged.rows.some(({ functionName }) => functionName.startsWith('main.'))).toBe(
        true,
      );
      expect(markdownOf('go')).toMatch(/\| Go Version +\| go1\./);
    }, 120_000);

    it('and a second one as one target have their profiles apart, and joined by whose they are', async () => {
      const trackers: { port: number; pprofPort: number; process: ChildProcess }[] = [];
      try {
        for (const _ of [1, 2]) {
          const [port, pprofPort] = [await freeUdpPort(), await freeTcpPort()];
          const flags = ['-addr', `127.0.0.1:${port}`, '-pprof', `127.0.0.1:${pprofPort}`];
          trackers.push({ port, pprofPort, process: spawn(program, flags, { stdio: 'ignore' }) });
        }
        const report = await labReport(
          'two',
          trackers.flatMap(({ port, pprofPort }) => [
            ...['--target', `udp://127.0.0.1:${port}`],
            ...['--pprof', `http://127.0.0.1:${pprofPort}/debug/pprof`],
          ]),
        );
        const folder = runFolderOf('two');
        const nanosecondsOf = (file: string) => cpuByTracker(path.join(folder, file));
        const joined = nanosecondsOf('cpu.pb.gz');
        for (const [index, { port }] of trackers.entries()) {
          const own = nanosecondsOf(`cpu-member-${index + 1}.pb.gz`).get('');
          expect(own).toBeGreaterThan(0);
          expect(joined.get(`udp://127.0.0.1:${port}`)).toBe(own);
        }
        expect(joined.size).toBe(2);
        expect(report.members.map(({ cpuTop }) => (cpuTop?.raw.rows.length ?? 0) > 0)).toEqual([true, true]);
      } finally {
        for (const { process: tracker } of trackers) tracker.kill('SIGKILL');
      }
    }, 120_000);
  },
);

describe.skipIf(!hasPerf)(`any program${hasPerf ? '' : ' (skipped: perf cannot record here)'}`, () => {
  it('is profiled by perf where it has no profiler of its own', async () => {
    const port = await freeUdpPort();
    // Node without the preload's reach: an environment of its own keeps NODE_OPTIONS from the tracker.
    const tracker = `env -i PATH=$PATH ${process.execPath} ${builtEntry('tracker/main.js')} --host 127.0.0.1 --port ${port}`;
    const report = await labReport('perf', [
      ...['--target', `udp://127.0.0.1:${port}`],
      ...['--exec', `sh -c '${tracker} & wait'`],
    ]);
    expect(report.top.cpu).toBeNull();
    expect(report.top.perf?.raw.rows.length).toBeGreaterThan(0);
    expect(markdownOf('perf')).toMatch(/perf/);
  });
});
