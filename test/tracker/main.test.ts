import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { builtEntry, packageRoot } from '../../src/package-root.ts';
import type { TrackerMessage, TrackerReady, TrackerStopped } from '../../src/wire/tracker-message.ts';
import { announceRequest, connectRequest, scrapeRequest } from './tracker-fixture.ts';

const entry = builtEntry('tracker/main.js');

interface Run {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly closed: Promise<{ code: number | null; signal: string | null }>;
}

const runs: Run[] = [];

afterEach(async () => {
  for (const { child, closed } of runs.splice(0)) {
    child.kill('SIGKILL');
    await closed;
  }
});

function watch(child: ChildProcess): Run {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => {
    output.stdout += text;
  });
  child.stderr?.on('data', (text) => {
    output.stderr += text;
  });
  // Not the event `close`: Node does not emit it for a child from which this side disconnected.
  const streams = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const closed = Promise.all([once(child, 'exit'), ...streams]).then(([[code, signal]]) => ({
    code,
    signal,
  }));
  const run = { child, output, closed };
  runs.push(run);
  return run;
}

/** With an IPC channel, as the lab starts it. */
function forkTracker(...argv: string[]): Run {
  return watch(fork(entry, ['--host', '127.0.0.1', '--port', '0', ...argv], { silent: true }));
}

/** Without one, as a person starts it. */
function spawnTracker(...argv: string[]): Run {
  return watch(spawn(process.execPath, [entry, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function ready(run: Run): Promise<TrackerReady> {
  const [message] = (await once(run.child, 'message')) as [TrackerMessage];
  expect(message.type).toBe('tracker-ready');
  return message as TrackerReady;
}

async function firstLine(run: Run): Promise<string> {
  while (!run.output.stdout.includes('\n')) {
    await once(run.child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  }
  return run.output.stdout.split('\n')[0] as string;
}

async function exchange(port: number, makeRequests: (id: Buffer) => Uint8Array[]): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  try {
    const answers: Buffer[] = [];
    const ask = async (request: Uint8Array): Promise<Buffer> => {
      const answer = once(socket, 'message');
      socket.send(request, port, '127.0.0.1');
      return ((await answer) as [Buffer])[0];
    };
    const id = Buffer.from((await ask(connectRequest())).subarray(8));
    for (const request of makeRequests(id)) {
      answers.push(await ask(request));
    }
    return answers;
  } finally {
    socket.close();
  }
}

describe('the tracker as a program', () => {
  it('without koffi says why its socket is not a batched one', async () => {
    const hook = pathToFileURL(path.join(packageRoot, 'test/fixtures/no-koffi.mjs')).href;
    const argv = ['--host', '127.0.0.1', '--port', '0'];
    const run = watch(fork(entry, argv, { silent: true, execArgv: ['--import', hook] }));
    expect(await ready(run)).toMatchObject({ socketKind: 'dgram' });
    const log = (): string => run.output.stdout + run.output.stderr;
    await expect.poll(log).toMatch(/a dgram socket, not a batched one: .*(koffi|Linux)/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says when it is ready, serves, and stops on %s with its counters',
    async (signal) => {
      const run = forkTracker('--socket', 'dgram');
      const message = await ready(run);
      expect(message).toMatchObject({ host: '127.0.0.1', socketKind: 'dgram', version: expect.any(String) });
      expect(message.port).toBeGreaterThan(0);
      const [announced, scraped] = await exchange(message.port, (id) => [
        announceRequest(id, { left: 0n }),
        scrapeRequest(id, [1]),
      ]);
      expect(announced?.subarray(8).toString('hex')).toBe('000007080000000000000001');
      expect(scraped?.subarray(8).toString('hex')).toBe('000000010000000000000000');

      const last = once(run.child, 'message');
      run.child.kill(signal);
      const [stopped] = (await last) as [TrackerStopped];
      expect(stopped.type).toBe('tracker-stopped');
      expect(stopped.counters).toMatchObject({
        'requests.connect': 1,
        'requests.announce': 1,
        'requests.scrape': 1,
        'peers.ipv4': 1,
      });
      expect(await run.closed).toEqual({ code: 0, signal: null });
      const { askedBytes, givenBytes } = message.receiveBuffer;
      expect(run.output.stdout).toBe(
        `listening on udp://127.0.0.1:${message.port} (dgram socket, receive buffer ${askedBytes} bytes asked, ${givenBytes} given)\n`,
      );
      expect(run.output.stderr).toContain(`info: stopping: ${signal}\n`);
      expect(run.output.stderr).toContain('requests.announce 1');
      expect(run.output.stderr.split('\n').length, 'no line for a request').toBe(3);
    },
  );

  it('runs without a parent that listens, on IPv4 and IPv6', async () => {
    const run = spawnTracker('--port', '0');
    const port = Number(/udp:\/\/\S+:(\d+) /.exec(await firstLine(run))?.[1]);
    const [answer] = await exchange(port, (id) => [announceRequest(id)]);
    expect(answer?.length).toBe(20);
    run.child.kill('SIGTERM');
    expect(await run.closed).toEqual({ code: 0, signal: null });
  });

  it('stops when its parent goes away', async () => {
    const run = forkTracker();
    await ready(run);
    run.child.disconnect();
    expect(await run.closed).toEqual({ code: 0, signal: null });
    expect(run.output.stderr).toContain('the parent process is gone');
  });

  it('ends with 12 and one line that names the port when it is taken', async () => {
    const { port } = await ready(forkTracker());
    const second = spawnTracker('--host', '127.0.0.1', '--port', String(port));
    expect(await second.closed).toEqual({ code: 12, signal: null });
    expect(second.output.stderr).toMatch(new RegExp(`^PORT_IN_USE: .*${port}.*\\n$`));
    expect(second.output.stdout).toBe('');
  });

  it('ends with 2 and one line for flags that it does not know', async () => {
    const run = spawnTracker('--port', 'many');
    expect(await run.closed).toEqual({ code: 2, signal: null });
    expect(run.output.stderr).toMatch(/^USAGE: .*Hint: .*\n$/);
  });

  it('keeps connection ids good over a restart with the same secret', async () => {
    const first = forkTracker('--secret', 'the same');
    const { port } = await ready(first);
    let id: Uint8Array = new Uint8Array(8);
    await exchange(port, (fresh) => {
      id = fresh;
      return [];
    });
    first.child.kill('SIGTERM');
    await first.closed;
    const second = forkTracker('--secret', 'the same');
    const [answer] = await exchange((await ready(second)).port, () => [announceRequest(id)]);
    expect(answer?.readUInt32BE(0)).toBe(1);
  });

  it('serves nothing while the whitelist is missing', async () => {
    const run = forkTracker('--whitelist', '/nonexistent/list.txt');
    const [answer] = await exchange((await ready(run)).port, (id) => [announceRequest(id)]);
    expect(answer?.readUInt32BE(0)).toBe(3);
    expect(answer?.subarray(8).toString()).toContain('whitelist');
    expect(run.output.stderr).toContain('nothing is allowed');
  });
});
