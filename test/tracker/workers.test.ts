import { fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { builtEntry } from '../../src/package-root.ts';
import { batchedUnavailableReason } from '../../src/wire/open-udp-socket.ts';
import type { TrackerReady, TrackerStopped, TrackerWorkerLost } from '../../src/wire/tracker-message.ts';
import { type Child, startChild } from '../end-to-end/child.ts';
import { type AnnounceFields, announceRequest, connectRequest, scrapeRequest } from './tracker-fixture.ts';

const unavailable = await batchedUnavailableReason();
const entry = builtEntry('tracker/main.js');
const preload = path.join(import.meta.dirname, 'fixtures/kill-worker.mjs');
const clean: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

interface Started {
  readonly child: Child;
  readonly ready: TrackerReady;
  /** The counters at the end; expects an orderly one. */
  end(): Promise<TrackerStopped['counters']>;
  lost(): Promise<TrackerWorkerLost>;
}

async function start(workers: number, ...argv: string[]): Promise<Started> {
  const args = ['--host', '127.0.0.1', '--port', '0', '--workers', String(workers), ...argv];
  const child = startChild(fork(entry, args, { silent: true, execArgv: ['--import', preload] }));
  clean.push(() => child.stop());
  const first = <Message>(type: string): Promise<Message> =>
    child.message((message) => (message as { type: string }).type === type) as Promise<Message>;
  return {
    child,
    ready: await first<TrackerReady>('tracker-ready'),
    lost: () => first<TrackerWorkerLost>('tracker-worker-lost'),
    async end() {
      child.process.kill('SIGTERM');
      const { counters } = await first<TrackerStopped>('tracker-stopped');
      expect(await child.exitCode).toBe(0);
      return counters;
    },
  };
}

/** A client with a socket of its own. */
async function open(port: number, address = '127.0.0.1') {
  const socket: Socket = createSocket('udp4');
  clean.push(() => socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  const ask = async (request: Uint8Array): Promise<Buffer> => {
    const answer = once(socket, 'message');
    socket.send(request, port, '127.0.0.1');
    return ((await answer) as [Buffer])[0];
  };
  return {
    ask,
    connect: async () => Buffer.from((await ask(connectRequest())).subarray(8)),
    send: (request: Uint8Array): Promise<void> =>
      new Promise((resolve) => socket.send(request, port, '127.0.0.1', () => resolve())),
    next: () => once(socket, 'message').then(([bytes]) => bytes as Buffer),
  };
}

/** A hash whose first word is `word`: it belongs to shard `word % workers`. */
function withHash(request: Buffer, ...words: number[]): Buffer {
  for (const [index, word] of words.entries()) request.writeUInt32BE(word, 16 + 20 * index);
  return request;
}

const announce = (id: Uint8Array, word: number, fields: AnnounceFields = {}): Buffer =>
  withHash(announceRequest(id, fields), word);
const scrape = (id: Uint8Array, ...words: number[]): Buffer =>
  withHash(
    scrapeRequest(
      id,
      words.map(() => 1),
    ),
    ...words,
  );
const scraped = (reply: Buffer): number[][] =>
  Array.from({ length: (reply.length - 8) / 12 }, (_, at) =>
    [0, 4, 8].map((offset) => reply.readUInt32BE(8 + 12 * at + offset)),
  );
/** Interval, leechers, seeders. */
const counted = (reply: Buffer): number[] => [8, 12, 16].map((at) => reply.readUInt32BE(at));

describe.skipIf(unavailable !== null).each([1, 3])('a tracker of %i workers', (workers) => {
  it('is ready when all serve, and says how many', async () => {
    const { ready, child, end } = await start(workers);
    expect(ready).toMatchObject({ workers, socketKind: 'batched', host: '127.0.0.1' });
    expect(await child.line((line) => line.includes('listening'))).toContain(
      workers === 1 ? '(batched socket,' : '(3 workers with a batched socket each,',
    );
    const counters = await end();
    expect(counters['requests.announce']).toBe(0);
  });

  it('has one swarm for a hash, from whatever address and port it is announced', async () => {
    const { ready, end } = await start(workers);
    const clients = await Promise.all(
      Array.from({ length: 40 }, (_, index) => open(ready.port, `127.0.0.${1 + (index % 20)}`)),
    );
    for (const [index, { ask, connect }] of clients.entries()) {
      const id = await connect();
      for (const word of [0, 1, 2, 0x80000001, 0xffffffff]) {
        const fields = { port: 1000 + index, left: index % 4 === 0 ? 0n : 1n, numWant: 0 };
        const seeders = Math.ceil((index + 1) / 4);
        const answer = counted(await ask(announce(id, word, fields)));
        expect(answer).toEqual([1800, index + 1 - seeders, seeders]);
      }
    }
    const counters = await end();
    expect(counters).toMatchObject({
      'requests.connect': 40,
      'requests.announce': 200,
      'swarms.ipv4': 5,
      'peers.ipv4': 200,
      'socket.received': 240,
      'socket.sent': 240,
      'socket.receiveDrops': 0,
    });
  });

  it('takes a connection id of any worker in all of them, and that of no other address', async () => {
    const { ready, end } = await start(workers);
    for (let last = 1; last <= 12; last++) {
      const { ask, connect } = await open(ready.port, `127.0.0.${last}`);
      const id = await connect();
      for (const word of [0, 1, 2]) expect((await ask(announce(id, word))).readUInt32BE(0)).toBe(1);
      const thief = await open(ready.port, `127.0.0.${last + 100}`);
      await thief.send(announce(id, last));
      // The answer says that the worker of that hash has come so far.
      await ask(announce(id, last));
    }
    const counters = await end();
    expect(counters).toMatchObject({ 'requests.announce': 48, 'drops.forgedConnectionId': 12 });
  });

  it('answers a scrape of 74 hashes of all workers, in their order', async () => {
    const { ready, end } = await start(workers);
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    const words = Array.from({ length: 74 }, (_, index) => 1_000_003 * (index + 1));
    for (const [index, word] of words.entries()) {
      for (let peer = 0; peer <= index % 5; peer++) {
        await ask(announce(id, word, { port: 2000 + peer, left: peer === 1 ? 0n : 1n, numWant: 0 }));
      }
    }
    const expected = words.map((_, index) => [
      Number(index % 5 > 0),
      0,
      1 + (index % 5) - Number(index % 5 > 0),
    ]);
    expect(scraped(await ask(scrape(id, ...words)))).toEqual(expected);
    const backwards = [...words].reverse();
    expect(scraped(await ask(scrape(id, ...backwards)))).toEqual([...expected].reverse());
    expect(scraped(await ask(scrape(id, 5, words[4] as number, 7)))).toEqual([
      [0, 0, 0],
      expected[4],
      [0, 0, 0],
    ]);
    expect(scraped(await ask(scrape(id, words[1] as number)))).toEqual([expected[1]]);
    const counters = await end();
    expect(counters['requests.scrape']).toBe(4);
    expect(counters['scrapesGathered']).toBe(workers === 1 ? 0 : 3);
    expect(counters['socket.sent']).toBe(counters['socket.received']);
  });

  it('answers many scrapes at once, each with its own counts', async () => {
    const { ready } = await start(workers);
    const { ask, connect, send, next } = await open(ready.port);
    const id = await connect();
    for (let word = 0; word < 30; word++) {
      for (let peer = 0; peer <= word; peer++) await ask(announce(id, word, { port: 1 + peer, numWant: 0 }));
    }
    const seen = new Map<number, string>();
    for (let round = 0; round < 10; round++) {
      for (let word = 0; word < 20; word++) {
        const request = scrape(id, word, word + 1, word + 2, word + 3);
        request.writeUInt32BE(word, 12);
        void send(request);
      }
      for (let count = 0; count < 20; count++) {
        const reply = await next();
        seen.set(
          reply.readUInt32BE(4),
          scraped(reply)
            .map(([, , leechers]) => leechers)
            .join(),
        );
      }
    }
    expect(seen.size).toBe(20);
    for (const [word, counts] of seen) expect(counts).toBe([1, 2, 3, 4].map((more) => word + more).join());
  });

  it('limits the connects of an address over all of its ports', async () => {
    const { ready, end } = await start(workers, '--connect-limit', '5');
    for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']) {
      const first = await open(ready.port, address);
      const id = await first.connect();
      for (let count = 1; count < 5; count++) {
        const { connect } = await open(ready.port, address);
        expect((await connect()).length).toBe(8);
      }
      for (let count = 0; count < 3; count++) await (await open(ready.port, address)).send(connectRequest());
      // It goes by the address too: its answer says that the worker has come so far.
      expect((await first.ask(scrapeRequest(id, []))).readUInt32BE(0)).toBe(3);
    }
    const counters = await end();
    expect(counters['requests.connect']).toBe(20);
    expect(counters['drops.connectLimit']).toBe(12);
  });

  it('keeps the limit of peers for all workers together', async () => {
    const { ready, end } = await start(workers, '--max-peers', '100');
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    for (let peer = 0; peer < 150; peer++) {
      await ask(announce(id, peer < 90 ? 0 : peer, { port: 1000 + peer, numWant: 0 }));
    }
    const counters = await end();
    // A worker that got its last place may hold a portion that nobody else has.
    expect(counters['peers.ipv4']).toBeLessThanOrEqual(100);
    expect(counters['peers.ipv4']).toBeGreaterThanOrEqual(workers === 1 ? 100 : 96);
    expect((counters['peers.ipv4'] as number) + (counters['peers.refused'] as number)).toBe(150);
  });

  it('keeps the limit of swarms for all workers together, and the swarms that it has', async () => {
    const { ready, end } = await start(workers, '--max-torrents', '100');
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    for (let hash = 0; hash < 150; hash++) await ask(announce(id, hash, { port: 1000, numWant: 0 }));
    for (let port = 1001; port < 1011; port++) await ask(announce(id, 0, { port, numWant: 0 }));
    const counters = await end();
    expect(counters['swarms.ipv4']).toBeLessThanOrEqual(100);
    expect(counters['swarms.ipv4']).toBeGreaterThanOrEqual(workers === 1 ? 100 : 96);
    expect((counters['swarms.ipv4'] as number) + (counters['swarms.refused'] as number)).toBe(150);
    expect(counters['peers.ipv4']).toBe((counters['swarms.ipv4'] as number) + 10);
  });

  it('bounds the peers of an address in a swarm', async () => {
    const { ready, end } = await start(workers, '--max-peers-per-address', '3');
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    for (let port = 1000; port < 1010; port++) await ask(announce(id, 1, { port, numWant: 0 }));
    const counters = await end();
    expect(counters['peers.ipv4']).toBe(3);
    expect(counters['peers.refusedByAddress']).toBe(7);
  });

  it('serves in all workers what the whitelist has', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'workers-'));
    clean.push(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'list.txt');
    const hashText = (word: number): string =>
      Buffer.from(announce(Buffer.alloc(8), word).subarray(16, 36)).toString('hex');
    writeFileSync(file, [0, 1, 2].map(hashText).join('\n'));
    const { ready } = await start(workers, '--whitelist', file);
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    const actions = [];
    for (let word = 0; word < 6; word++) actions.push((await ask(announce(id, word))).readUInt32BE(0));
    expect(actions).toEqual([1, 1, 1, 3, 3, 3]);
    expect(scraped(await ask(scrape(id, 4, 2, 1)))).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });
});

describe.skipIf(unavailable !== null).each(['exit', 'error'] as const)('a worker that ends by %s', (how) => {
  it('is replaced, its loss is told, and the others keep their swarms', async () => {
    const { child, ready, lost, end } = await start(3);
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    for (let word = 0; word < 30; word++) {
      await ask(announce(id, word, { numWant: 0 }));
      await ask(announce(id, word, { numWant: 0, port: 7 }));
    }
    const words = Array.from({ length: 30 }, (_, word) => word);
    const descriptors = (): number => readdirSync(`/proc/${child.process.pid}/fd`).length;
    const before = descriptors();
    child.process.send({ shard: 1, how });
    expect(await lost()).toEqual({
      type: 'tracker-worker-lost',
      worker: 2,
      reason: how === 'exit' ? 'exit code 7' : 'planted',
      swarms: 10,
      peers: 20,
    });
    expect(await child.errorLine((line) => line.startsWith('error: '))).toContain('worker 2 of 3 ended');
    await child.errorLine((line) => line.includes('worker 2 was replaced'));
    const counts = scraped(await ask(scrape(id, ...words)));
    expect(counts).toEqual(words.map((word) => [0, 0, word % 3 === 1 ? 0 : 2]));
    for (const word of words) {
      const leechers = counted(await ask(announce(id, word, { numWant: 0 })))[1];
      expect(leechers).toBe(word % 3 === 1 ? 1 : 2);
    }
    expect(scraped(await ask(scrape(id, ...words)))).toEqual(
      words.map((word) => [0, 0, word % 3 === 1 ? 1 : 2]),
    );
    expect(descriptors()).toBeLessThanOrEqual(before);
    expect(await end()).toMatchObject({
      'workers.lost': 1,
      'swarms.lost': 10,
      'peers.lost': 20,
      'requests.connect': 1,
      'requests.announce': 90,
      'requests.scrape': 2,
      'swarms.ipv4': 30,
      'peers.ipv4': 50,
    });
  });

  it('may be each of them, one after the other, and again', async () => {
    const { child, ready, end } = await start(2);
    const { ask, connect } = await open(ready.port);
    const id = await connect();
    for (const [count, shard] of [0, 1, 1, 0].entries()) {
      child.process.send({ shard, how });
      let replaced = 0;
      await child.errorLine((line) => line.includes('was replaced') && ++replaced > count);
      for (const word of [0, 1]) expect((await ask(announce(id, word))).readUInt32BE(0)).toBe(1);
      expect(scraped(await ask(scrape(id, 0, 1)))).toEqual([
        [0, 0, 1],
        [0, 0, 1],
      ]);
    }
    expect((await end())['workers.lost']).toBe(4);
  });
});

describe('workers that cannot be had', () => {
  it('are refused with the dgram kind, in one line', async () => {
    const args = ['--port', '0', '--workers', '2', '--socket', 'dgram'];
    const child = startChild(fork(entry, args, { silent: true }));
    clean.push(() => child.stop());
    expect(await child.exitCode).toBe(2);
  });

  it.skipIf(unavailable !== null)('are refused on a port that is taken', async () => {
    const { ready } = await start(2);
    const args = ['--host', '127.0.0.1', '--port', String(ready.port), '--workers', '2'];
    const child = startChild(fork(entry, args, { silent: true }));
    clean.push(() => child.stop());
    const line = child.errorLine((text) => text.startsWith('PORT_IN_USE'));
    expect(await child.exitCode).toBe(12);
    expect(await line).toContain(String(ready.port));
  });
});
