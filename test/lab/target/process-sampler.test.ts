import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  ProcessReader,
  type ProcessReading,
  startProcessSampler,
} from '../../../src/lab/target/process-sampler.ts';

/** A process in a network namespace of its own has other socket tables than the lab. */
const canUnshare = spawnSync('unshare', ['-rn', 'true']).status === 0;

describe.runIf(process.platform === 'linux')('the process sampler', () => {
  it('tells CPU, memory, switches and the socket of a process', async () => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4096 }).bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const reader = new ProcessReader(() => [process.pid], port);
    const first = reader.read() as ProcessReading;
    expect(first).toMatchObject({ kind: 'process', socketDrops: 0, socketQueueBytes: 0 });
    expect(first.rssBytes).toBeGreaterThan(10 * 1024 * 1024);
    expect(first.threads).toBeGreaterThan(1);
    // This thread runs while it reads; the others of this process are asleep or at work.
    expect(first.threadStates.running).toBeGreaterThan(0);
    expect(first.threadStates.asleep).toBeGreaterThan(0);
    expect(first.voluntaryContextSwitches).toBeGreaterThan(0);

    for (const endMs = performance.now() + 60; performance.now() < endMs; );
    const second = reader.read() as ProcessReading;
    const cpuMs = (row: ProcessReading) => row.cpuUserMs + row.cpuSystemMs;
    expect(cpuMs(second)).toBeGreaterThan(cpuMs(first));
    expect(second.runQueueDelayMs).toBeGreaterThanOrEqual(first.runQueueDelayMs);
    socket.close();
  });

  it('counts the drops of a socket that nobody reads', async () => {
    // The child blocks its loop after the bind, so that the datagrams stay in the kernel.
    const script = `
      const socket = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 4096 });
      socket.bind(0, '127.0.0.1', () => {
        require('node:fs').writeSync(1, String(socket.address().port));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
      });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(String(text));
    const sender = createSocket('udp4');
    for (let sent = 0; sent < 64; sent++) {
      await new Promise((done) => sender.send(Buffer.alloc(1000), port, '127.0.0.1', done));
    }
    const row = new ProcessReader(() => [child.pid as number], port).read();
    expect(row?.socketDrops).toBeGreaterThan(0);
    expect(row?.socketQueueBytes).toBeGreaterThan(0);
    sender.close();
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('tells the CPU of V8’s helpers in a Node.js process, and none of other programs', async () => {
    // Arrays that outlive a scavenge: the helpers copy them beside the main thread.
    const storm = `
      const kept = [];
      for (let turn = 0; turn < 400; turn++) kept[turn % 40] = Array.from({ length: 20_000 }, (_, id) => ({ id }));
      process.stdout.write('done');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', storm], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const row = new ProcessReader(() => [child.pid as number], 1).read() as ProcessReading;
    expect(row.v8HelperCpuMs).toBeGreaterThan(0);
    // The kernel counts the process in ticks of 10 ms, its threads in nanoseconds.
    expect(row.v8HelperCpuMs).toBeLessThan(row.cpuUserMs + row.cpuSystemMs + 50);
    child.kill('SIGKILL');
    await once(child, 'close');

    const sleep = spawn('sleep', ['5'], { stdio: 'ignore' });
    await once(sleep, 'spawn');
    const other = new ProcessReader(() => [sleep.pid as number], 1).read() as ProcessReading;
    expect(other.v8HelperCpuMs).toBeNull();
    sleep.kill('SIGKILL');
    await once(sleep, 'close');
  });

  it('adds up several processes, and keeps what one that has ended has used', async () => {
    const busy = `
      for (const end = performance.now() + 80; performance.now() < end; );
      process.stdout.write('done');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', busy], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const alone = new ProcessReader(() => [process.pid], 1).read() as ProcessReading;
    let pids = [process.pid, child.pid as number];
    const reader = new ProcessReader(() => pids, 1);
    const both = reader.read() as ProcessReading;
    expect(both.cpuUserMs).toBeGreaterThanOrEqual(alone.cpuUserMs + 50);
    expect(both.threads).toBeGreaterThan(alone.threads);
    expect(both.rssBytes).toBeGreaterThan(alone.rssBytes + 10 * 1024 * 1024);

    child.kill('SIGKILL');
    await once(child, 'close');
    pids = [process.pid];
    const after = reader.read() as ProcessReading;
    expect(after.cpuUserMs).toBeGreaterThanOrEqual(both.cpuUserMs);
    expect(after.voluntaryContextSwitches).toBeGreaterThanOrEqual(both.voluntaryContextSwitches);
    expect(after.threads).toBeLessThan(both.threads);
  });

  it.skipIf(!canUnshare)(
    'looks into its own tables where those of the process do not have the port (needs unshare)',
    async () => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const script = "process.stdout.write('ready'); setInterval(() => {}, 1000);";
      const child = spawn('unshare', ['-rn', process.execPath, '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      const row = new ProcessReader(() => [child.pid as number], socket.address().port).read();
      expect(row).toMatchObject({ socketDrops: 0, socketQueueBytes: 0 });
      socket.close();
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  );

  it('says null for the socket where there is none', () => {
    expect(new ProcessReader(() => [process.pid], 1).read()).toMatchObject({
      socketDrops: null,
      socketQueueBytes: null,
    });
  });

  it('reads at its interval until it is stopped', async () => {
    const rows: ProcessReading[] = [];
    const sampler = await new Promise<ReturnType<typeof startProcessSampler>>((resolve) => {
      const started = startProcessSampler({
        pids: () => [process.pid],
        port: 1,
        intervalMs: 5,
        onRow(row) {
          if (rows.push(row) === 3) setImmediate(() => resolve(started));
        },
      });
    });
    sampler.stop();
    expect(sampler.unavailable).toBeNull();
    expect(rows.length).toBeGreaterThanOrEqual(3);
  });

  it('says that a process is not there', () => {
    const sampler = startProcessSampler({
      pids: () => [2 ** 22 + 1],
      port: 1,
      intervalMs: 5,
      onRow: () => expect.unreachable(),
    });
    expect(sampler.unavailable).toContain('no entry in /proc');
  });
});
