/** What ends a run before its load: the port, the command, the address, the tracker or a profiler. One lab at a time. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { builtEntry } from '../../../src/package-root.ts';
import { WatchedLab } from '../watched-lab.ts';
import { keepFigure } from './figures.ts';
import {
  foreignTracker,
  LabUnderFault,
  preloaded,
  quietLoad,
  scratchFolder,
  type Tracker,
  targetFlags,
  trackers,
} from './lab-under-fault.ts';

const forEach = trackers.map((tracker) => ({ tracker }));
const commands = {
  ours: `${builtEntry('tracker/main.js')} --host 127.0.0.1`,
  foreign: foreignTracker,
} satisfies Record<Tracker, string>;

async function boundSocket({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let isOpen = true;
  socket.once('close', () => {
    isOpen = false;
  });
  onTestFinished(() => {
    if (isOpen) socket.close();
  });
  return socket;
}

function expectNoLoad(stderr: string, lab: LabUnderFault): void {
  expect(stderr).not.toContain('Phase:');
  expect(lab.folders()).toEqual([]);
}

it.for(forEach)(
  'a port that is taken ends a run of the $tracker tracker within 1 s of its command',
  async ({ tracker }, context) => {
    const holder = await boundSocket(context);
    const { port } = holder.address();
    const startMs = performance.now();
    const lab = await LabUnderFault.start({
      tracker: 'foreign',
      point: 'clean',
      // A path, so that the port is not expected to be free afterwards.
      target: [
        ...['--target', `udp://127.0.0.1:${port}/announce`],
        ...['--exec', `node ${commands[tracker]} --port ${port}`],
      ],
    });
    const { exitCode, stderr } = await lab.lab.ended();
    const endedMs = performance.now() - startMs;
    keepFigure('its port is taken', 'ended after', endedMs, 'ms');
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(new RegExp(`^ADDRESS_TAKEN: .*127\\.0\\.0\\.1:${port} .*Hint: `, 'm'));
    expectNoLoad(stderr, lab);
    expect(endedMs).toBeLessThan(1_000);
  },
);

it('a command that ends before it serves ends the run with its words', async () => {
  const lab = await LabUnderFault.start({
    tracker: 'foreign',
    point: 'clean',
    target: await targetFlags('foreign', `node --require=./no-such-module.cjs ${foreignTracker}`),
  });
  await lab.child.errorLine((line) => line.startsWith('Scenario '));
  const startMs = performance.now();
  const { exitCode, stderr } = await lab.lab.ended();
  const endedMs = performance.now() - startMs;
  keepFigure('the command ends before it serves', 'ended after', endedMs, 'ms');
  expect(endedMs).toBeLessThan(5_000);
  expect(exitCode).toBe(12);
  expect(stderr).toMatch(/^TRACKER_NOT_READY: .*no-such-module/m);
  expectNoLoad(stderr, lab);
});

describe.skipIf(process.platform !== 'linux')('a tracker', () => {
  it.for(forEach)('of the kind $tracker that is killed while it starts ends the run', async ({ tracker }) => {
    const lab = await LabUnderFault.start({ tracker, point: 'start' });
    const pid = await lab.untilTrackerStarted();
    const killedMs = performance.now();
    process.kill(pid, 'SIGKILL');
    const { exitCode, stderr } = await lab.lab.ended();
    const endedMs = performance.now() - killedMs;
    keepFigure('the tracker is killed', 'ended after', endedMs, 'ms');
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(/^TRACKER_NOT_READY: .*SIGKILL/m);
    expectNoLoad(stderr, lab);
    expect(endedMs).toBeLessThan(2_000);
  });
});

it.for(forEach)('a profiler that does not start stops a run of the $tracker tracker', async ({ tracker }) => {
  const lab = await LabUnderFault.start({
    tracker,
    point: 'clean',
    options: { env: preloaded('no-cpu-profiler.cjs') },
  });
  await lab.child.errorLine((line) => line.startsWith('Scenario '));
  const startMs = performance.now();
  const { exitCode, stderr } = await lab.lab.ended();
  keepFigure('a profiler does not start', 'ended after', performance.now() - startMs, 'ms');
  expect(exitCode).toBe(12);
  expect(stderr).toMatch(/PROFILER_FAILED: the cpu profiler did not start: main: no timer for samples/);
  expectNoLoad(stderr, lab);
});

it.for([
  { where: 'nobody listens', answers: false, code: 'TARGET_UNREACHABLE' },
  { where: 'nobody answers', answers: true, code: 'TARGET_SILENT' },
])(
  'an address where $where ends the run within 5 s, after three tries',
  async ({ where, answers, code }, context) => {
    const silent = await boundSocket(context);
    const { port } = silent.address();
    let connects = 0;
    silent.on('message', () => connects++);
    if (!answers) {
      silent.close();
      await once(silent, 'close');
    }
    const out = path.join(scratchFolder(), 'out');
    const lab = WatchedLab.start(['--out', out, '--target', `udp://127.0.0.1:${port}`, ...quietLoad]);
    await lab.child.errorLine((line) => line.startsWith('Scenario '));
    const startMs = performance.now();
    const { exitCode, stderr } = await lab.ended();
    const endedMs = performance.now() - startMs;
    keepFigure(where, 'ended after', endedMs, 'ms');
    expect(endedMs).toBeLessThan(5_000);
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(new RegExp(`^${code}: .*:${port}.*Hint: `, 'm'));
    expect(stderr).not.toContain('Phase:');
    if (answers) expect(connects).toBe(3);
  },
);
