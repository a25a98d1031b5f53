import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/tracker/log.ts';
import { createTracker, type Tracker } from '../../src/tracker/server.ts';
import { batchedUnavailableReason } from '../../src/wire/open-udp-socket.ts';
import { announceRequest, connectRequest, scrapeRequest } from './tracker-fixture.ts';

const kinds =
  (await batchedUnavailableReason()) === null ? (['dgram', 'batched'] as const) : (['dgram'] as const);

describe.each(kinds)('a tracker on a %s socket', (socketKind) => {
  let tracker: Tracker | undefined;
  const sockets: Socket[] = [];

  afterEach(async () => {
    await tracker?.stop();
    tracker = undefined;
    for (const socket of sockets.splice(0)) {
      socket.close();
    }
  });

  async function start(host: string, options: { level?: 'debug'; lines?: string[] } = {}): Promise<Tracker> {
    tracker = await createTracker({
      host,
      port: 0,
      socketKind,
      peerLimit: 1000,
      log: createLog(options.level ?? 'error', (line) => options.lines?.push(line)),
    });
    return tracker;
  }

  async function client(type: 'udp4' | 'udp6', address: string, port: number) {
    const socket = createSocket(type);
    sockets.push(socket);
    socket.connect(port, address);
    await once(socket, 'connect');
    return {
      port: socket.address().port,
      ask: async (request: Uint8Array): Promise<Buffer> => {
        const answer = once(socket, 'message');
        socket.send(request);
        const [bytes] = (await answer) as [Buffer];
        return bytes;
      },
      send: (request: Uint8Array) => socket.send(request),
    };
  }

  it.each([
    ['as many hashes as a receive slot holds', 101],
    ['more hashes than a receive slot holds', 150],
  ])('answers a scrape of %s for the first 74', async (_name, hashes) => {
    const { port, counters } = await start('127.0.0.1');
    const { ask } = await client('udp4', '127.0.0.1', port);
    const id = (await ask(connectRequest())).subarray(8);
    const answer = await ask(Buffer.concat([scrapeRequest(id, [1]), Buffer.alloc((hashes - 1) * 20)]));
    expect(answer.readUInt32BE(0)).toBe(2);
    expect(answer.length).toBe(8 + 74 * 12);
    expect(counters()).toMatchObject({ 'errors.badScrape': 0 });
  });

  it('refuses a long scrape whose last hash is cut, by its whole length', async () => {
    const { port, counters } = await start('127.0.0.1');
    const { ask } = await client('udp4', '127.0.0.1', port);
    const id = (await ask(connectRequest())).subarray(8);
    const answer = await ask(Buffer.concat([scrapeRequest(id, [1]), Buffer.alloc(149 * 20 + 7)]));
    expect(answer.readUInt32BE(0)).toBe(3);
    expect(counters()).toMatchObject({ 'errors.badScrape': 1 });
  });

  it('reads the options of an announce no further than its slot holds them', async () => {
    const { port, counters } = await start('127.0.0.1');
    const { ask } = await client('udp4', '127.0.0.1', port);
    const id = (await ask(connectRequest())).subarray(8);
    const answer = await ask(Buffer.concat([announceRequest(id, { port: 1001 }), Buffer.alloc(3000, 1)]));
    expect(answer.readUInt32BE(0)).toBe(1);
    expect(counters()).toMatchObject({ 'options.cut': 0 });
  });

  it('serves connect, announce and scrape, and counts them', async () => {
    const { port, counters, receiveBuffer } = await start('127.0.0.1');
    expect(receiveBuffer.askedBytes).toBe(4 * 1024 * 1024);
    expect(receiveBuffer.givenBytes).toBeGreaterThan(0);
    const { ask, send } = await client('udp4', '127.0.0.1', port);
    const id = (await ask(connectRequest())).subarray(8);
    // No answer comes to this one; the next answer belongs to the next request.
    send(Buffer.alloc(15));
    await ask(announceRequest(id, { port: 1001 }));
    const second = await ask(announceRequest(id, { port: 1002, left: 0n }));
    expect(second.subarray(8).toString('hex')).toBe('0000070800000001000000017f00000103e9');
    const scraped = await ask(scrapeRequest(id, [1]));
    expect(scraped.subarray(8).toString('hex')).toBe('000000010000000000000001');
    expect(counters()).toMatchObject({
      'requests.connect': 1,
      'requests.announce': 2,
      'requests.scrape': 1,
      'drops.tooShort': 1,
      'swarms.ipv4': 1,
      'peers.ipv4': 2,
      peersSent: 1,
      'socket.received': 5,
      'socket.sent': 4,
    });
  });

  it('answers a burst of requests one by one, those without an answer between', async () => {
    const { port, counters } = await start('127.0.0.1');
    const { ask, send } = await client('udp4', '127.0.0.1', port);
    const id = Buffer.from((await ask(connectRequest())).subarray(8));
    const socket = sockets[0] as Socket;
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      socket.on('message', (answer) => {
        seen.push(answer.readUInt32BE(4));
        if (seen.length === 150) {
          resolve();
        }
      });
    });
    for (let number = 0; number < 150; number++) {
      const request = announceRequest(id, { port: 2000 + number });
      request.writeUInt32BE(number, 12);
      send(request);
      send(announceRequest(Buffer.alloc(8)));
    }
    await done;
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, number) => number));
    expect(counters()).toMatchObject({ 'requests.announce': 150, 'peers.ipv4': 150 });
  });

  it('serves IPv4 and IPv6 on one dual-stack socket, in swarms of their own', async () => {
    const { port, counters } = await start('::');
    const ipv4 = await client('udp4', '127.0.0.1', port);
    const ipv6 = await client('udp6', '::1', port);
    for (const { ask } of [ipv4, ipv6]) {
      const id = Buffer.from((await ask(connectRequest())).subarray(8));
      await ask(announceRequest(id, { port: 1001 }));
      const answer = await ask(announceRequest(id, { port: 1002 }));
      const peer = ask === ipv4.ask ? '7f00000103e9' : '0000000000000000000000000000000103e9';
      expect(answer.subarray(20).toString('hex')).toBe(peer);
    }
    expect(counters()).toMatchObject({ 'peers.ipv4': 2, 'peers.ipv6': 2 });
  });

  it('tells each datagram at level debug, and no datagram at any other', async () => {
    const lines: string[] = [];
    const { port } = await start('127.0.0.1', { level: 'debug', lines });
    const { ask, port: own } = await client('udp4', '127.0.0.1', port);
    const id = Buffer.from((await ask(connectRequest())).subarray(8));
    await ask(announceRequest(id, { options: [2, 3, 0x2f, 0x0a, 0x22, 0] }));
    await ask(announceRequest(id, { options: [2, 30] }));
    expect(lines).toEqual([
      `debug: connect from 127.0.0.1:${own}: 16 bytes, 16 bytes back`,
      `debug: announce from 127.0.0.1:${own}: 104 bytes, 20 bytes back, URL data "/\\n\\""`,
      `debug: announce from 127.0.0.1:${own}: 100 bytes, 20 bytes back, options cut`,
    ]);
  });

  it('frees its port when it stops', async () => {
    const { port } = await start('127.0.0.1');
    await tracker?.stop();
    tracker = await createTracker({
      host: '127.0.0.1',
      port,
      socketKind,
      peerLimit: 1,
      log: createLog('error', () => {}),
    });
    expect(tracker.port).toBe(port);
  });
});
