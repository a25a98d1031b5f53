import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  ProcessReader,
  type ProcessReading,
  startProcessSampler,
} from '../../../src/lab/target/process-sampler.ts';

describe.runIf(process.platform === 'linux')('the process sampler', () => {
  it('tells CPU, memory, switches and the socket of a process', async () => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4096 }).bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const reader = new ProcessReader(process.pid, port);
    const first = reader.read() as ProcessReading;
    expect(first).toMatchObject({ kind: 'process', socketDrops: 0, socketQueueBytes: 0 });
    expect(first.rssBytes).toBeGreaterThan(10 * 1024 * 1024);
    expect(first.threads).toBeGreaterThan(1);
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
    const row = new ProcessReader(child.pid as number, port).read();
    expect(row?.socketDrops).toBeGreaterThan(0);
    expect(row?.socketQueueBytes).toBeGreaterThan(0);
    sender.close();
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('says null for the socket where there is none', () => {
    expect(new ProcessReader(process.pid, 1).read()).toMatchObject({
      socketDrops: null,
      socketQueueBytes: null,
    });
  });

  it('reads at its interval until it is stopped', async () => {
    const rows: ProcessReading[] = [];
    const sampler = await new Promise<ReturnType<typeof startProcessSampler>>((resolve) => {
      const started = startProcessSampler({
        pid: process.pid,
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
      pid: 2 ** 22 + 1,
      port: 1,
      intervalMs: 5,
      onRow: () => expect.unreachable(),
    });
    expect(sampler.unavailable).toContain('no entry in /proc');
  });
});
