import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { parseUdpSockets } from '../../src/lab/target/proc-text.ts';
import { ProcessReader } from '../../src/lab/target/process-sampler.ts';
import { openGroupSocket } from '../../src/wire/open-group-socket.ts';
import { openSocketGroup, type SocketGroup } from '../../src/wire/open-socket-group.ts';
import { batchedUnavailableReason } from '../../src/wire/open-udp-socket.ts';
import type { UdpSocket } from '../../src/wire/udp-socket.ts';

const unavailable = await batchedUnavailableReason();
const clean: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

async function openGroup(host: string, sockets: number, port = 0, receiveBufferBytes = 1 << 20) {
  const group = await openSocketGroup({ host, port, sockets, receiveBufferBytes });
  clean.push(() => group.close());
  return group;
}

interface Reader {
  readonly socket: UdpSocket;
  readonly hashes: number[];
  readonly senders: string[];
}

/** Echoes what it gets and notes the first word of the hash, or the sender of what has none. */
async function read(group: SocketGroup, shard: number): Promise<Reader> {
  const hashes: number[] = [];
  const senders: string[] = [];
  const socket = await openGroupSocket(group.descriptors[shard] as number, {
    host: group.address,
    port: group.port,
    receiveBufferBytes: 1 << 20,
    onBatch(batch, own) {
      for (let index = 0; index < batch.count; index++) {
        const from = batch.offset(index);
        const bytes = batch.bytes.subarray(from, from + batch.length(index));
        if (bytes.length < 36) {
          const address = new Uint8Array(16);
          batch.copyAddress(index, address, 0);
          senders.push(Buffer.from(address).toString('hex'));
        } else {
          hashes.push(Buffer.from(bytes).readUInt32BE(16));
        }
        const slot = own.slot();
        own.sendBytes.set(bytes, slot);
        own.reply(slot, bytes.length, batch, index);
      }
    },
  });
  clean.push(() => socket.close());
  return { socket, hashes, senders };
}

async function client(type: 'udp4' | 'udp6', address?: string): Promise<Socket> {
  const socket = createSocket(type);
  clean.push(() => socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

async function exchange(socket: Socket, bytes: Uint8Array, port: number, host: string): Promise<Buffer> {
  const answer = once(socket, 'message');
  socket.send(bytes, port, host);
  return ((await answer) as [Buffer])[0];
}

function announce(hash: number): Buffer {
  const bytes = Buffer.alloc(98);
  bytes.writeUInt32BE(1, 8);
  bytes.writeUInt32BE(hash, 16);
  return bytes;
}

describe.skipIf(unavailable !== null)('a group of sockets on one port', () => {
  it.each([
    ['127.0.0.1', 'udp4', '127.0.0.1'],
    ['::1', 'udp6', '::1'],
    ['::', 'udp4', '127.0.0.1'],
    ['::', 'udp6', '::1'],
  ] as const)('on %s gets announces over %s by their hash, from any port', async (host, type, to) => {
    const group = await openGroup(host, 3);
    const readers = await Promise.all([0, 1, 2].map((shard) => read(group, shard)));
    for (let round = 0; round < 4; round++) {
      const socket = await client(type);
      for (let hash = 0; hash < 9; hash++) {
        const bytes = announce(0xfffffff0 + hash);
        expect((await exchange(socket, bytes, group.port, to)).equals(bytes)).toBe(true);
      }
    }
    readers.forEach(({ hashes }, shard) => {
      expect(hashes).toHaveLength(12);
      expect(hashes.every((hash) => hash % 3 === shard)).toBe(true);
    });
  });

  it('gets connects by their address', async () => {
    const group = await openGroup('::', 3);
    const readers = await Promise.all([0, 1, 2].map((shard) => read(group, shard)));
    for (let last = 1; last <= 20; last++) {
      for (let round = 0; round < 2; round++) {
        const socket = await client('udp4', `127.0.0.${last}`);
        await exchange(socket, Buffer.alloc(16), group.port, '127.0.0.1');
      }
    }
    const seen = readers.map(({ senders }) => new Set(senders));
    expect(
      seen.reduce((sum, { size }) => sum + size, 0),
      'each address at one socket',
    ).toBe(20);
    expect(readers.reduce((sum, { senders }) => sum + senders.length, 0)).toBe(40);
    expect(seen.every(({ size }) => size > 0)).toBe(true);
  });

  it('keeps its order when a reader goes, and its datagrams for the next one', async () => {
    const group = await openGroup('127.0.0.1', 3);
    const readers = await Promise.all([0, 1, 2].map((shard) => read(group, shard)));
    await readers[0]?.socket.close();
    const socket = await client('udp4');
    const answer = once(socket, 'message');
    socket.send(announce(3), group.port, '127.0.0.1');
    for (const hash of [1, 2, 4, 5]) {
      const other = await client('udp4');
      await exchange(other, announce(hash), group.port, '127.0.0.1');
    }
    const next = await read(group, 0);
    expect(((await answer) as [Buffer])[0].readUInt32BE(16)).toBe(3);
    expect([next, readers[1], readers[2]].map((reader) => reader?.hashes)).toEqual([[3], [1, 4], [2, 5]]);
  });

  it('takes no port that another socket or another group has', async () => {
    const holder = await client('udp4', '127.0.0.1');
    await expect(openGroup('127.0.0.1', 2, holder.address().port)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
    const group = await openGroup('127.0.0.1', 2);
    await expect(openGroup('127.0.0.1', 2, group.port)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    const late = createSocket('udp4').bind(group.port, '127.0.0.1');
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
    late.close();
  });

  it('frees its port when it is closed', async () => {
    const group = await openGroup('127.0.0.1', 2);
    const { port } = group;
    group.close();
    expect((await openGroup('127.0.0.1', 3, port)).port).toBe(port);
  });

  it('adds up what was dropped at its sockets, as does the reader of /proc', async () => {
    const group = await openGroup('127.0.0.1', 2, 0, 4096);
    expect(group.drops()).toBe(0);
    const socket = await client('udp4');
    const send = (bytes: Buffer): Promise<void> =>
      new Promise((resolve) => socket.send(bytes, group.port, '127.0.0.1', () => resolve()));
    const rows = () =>
      parseUdpSockets(readFileSync('/proc/self/net/udp', 'utf8')).filter(({ port }) => port === group.port);
    // Nobody reads: each socket is filled until it drops.
    for (let sent = 0; sent < 5000 && !rows().every(({ drops }) => drops > 0); sent++) {
      await send(announce(sent));
    }
    const drops = rows().map((row) => row.drops);
    expect(drops).toHaveLength(2);
    expect(drops.every((count) => count > 0)).toBe(true);
    const sum = drops.reduce((total, count) => total + count, 0);
    expect(group.drops()).toBe(sum);
    expect(new ProcessReader(() => [process.pid], group.port).read()?.socketDrops).toBe(sum);
    group.close();
    expect(group.drops()).toBe(sum);
  });
});
