import { createSocket } from 'node:dgram';
import { readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LabError } from '../../src/errors.ts';
import { openUdpSocket } from '../../src/wire/open-udp-socket.ts';
import { SLOT_BYTES } from '../../src/wire/udp-socket.ts';
import { closeProbes, kinds, openProbe } from './socket-probe.ts';

const onLinux = process.platform === 'linux';
const hasIpv6 = Object.values(networkInterfaces()).some((entries) =>
  entries?.some((entry) => entry.address === '::1'),
);
const IPV6_LOOPBACK = '00000000000000000000000000000001';

afterEach(closeProbes);

for (const { kind, unavailable } of kinds) {
  describe.skipIf(unavailable !== null)(
    `a ${kind} socket${unavailable === null ? '' : ` (${unavailable})`}`,
    () => {
      describe.each(kinds.filter((other) => other.unavailable === null))('with a $kind peer', (peer) => {
        it('echoes 10,000 datagrams without loss and in order', async () => {
          const total = 10_000;
          // A window that fits into the receive buffer of a system with default limits.
          const window = 100;
          let sent = 0;
          const server = await openProbe({ kind, echo: true });
          const client = await openProbe({
            kind: peer.kind,
            remote: { host: '127.0.0.1', port: server.socket.localPort },
            onBatch: sendMore,
          });
          function sendMore(): void {
            const upTo = Math.min(total, client.received.length + window);
            const texts: string[] = [];
            for (; sent < upTo; sent++) {
              texts.push(`datagram ${sent}`);
            }
            client.sendText(...texts);
          }
          sendMore();
          await client.until(() => client.received.length >= total);
          expect(client.received.map((datagram) => datagram.text)).toEqual(
            Array.from({ length: total }, (_, index) => `datagram ${index}`),
          );
          for (const { counters } of [server.socket, client.socket]) {
            expect({ ...counters }).toEqual({
              receivedDatagrams: total,
              sentDatagrams: total,
              sendErrors: 0,
              receiveDrops: 0,
            });
          }
        });

        it('is refused a port that the peer holds', async () => {
          const holder = await openProbe({ kind: peer.kind });
          const port = holder.socket.localPort;
          const error = await openProbe({ kind, port }).catch((reason: unknown) => reason);
          expect(error).toBeInstanceOf(LabError);
          expect((error as LabError).toLine()).toMatch(
            new RegExp(`^PORT_IN_USE: .*127\\.0\\.0\\.1:${port} .*EADDRINUSE.*Hint: .*0 lets the system`),
          );
        });
      });

      it('tells family, address and port of an IPv4 sender', async () => {
        const server = await openProbe({ kind, echo: true });
        const client = await openProbe({
          kind,
          remote: { host: 'localhost', port: server.socket.localPort },
        });
        client.sendText('hello');
        await client.until(() => client.received.length === 1);
        const { localAddress, localPort } = client.socket;
        expect(localAddress).toBe('127.0.0.1');
        expect(server.received).toEqual([
          { text: 'hello', length: 5, family: 4, address: '127.0.0.1', port: localPort },
        ]);
        expect(client.received[0]).toMatchObject({ family: 4, port: server.socket.localPort });
      });

      it.skipIf(!onLinux)('sends from the address that it is bound to', async () => {
        const server = await openProbe({ kind });
        const remote = { host: '127.0.0.1', port: server.socket.localPort };
        const client = await openProbe({ kind, host: '127.0.0.9', remote });
        client.sendText('x');
        await server.until(() => server.received.length === 1);
        expect(server.received[0]).toMatchObject({ address: '127.0.0.9', port: client.socket.localPort });
      });

      describe.skipIf(!hasIpv6)(`on IPv6${hasIpv6 ? '' : ' (no ::1 here)'}`, () => {
        it('tells family, address and port of the sender and answers it', async () => {
          const server = await openProbe({ kind, host: '::1', echo: true });
          const remote = { host: '::1', port: server.socket.localPort };
          const client = await openProbe({ kind, host: '::1', remote });
          client.sendText('hello');
          await client.until(() => client.received.length === 1);
          expect(server.received[0]).toMatchObject({
            family: 6,
            address: IPV6_LOOPBACK,
            port: client.socket.localPort,
          });
          expect(client.received[0]).toMatchObject({ text: 'hello', family: 6, address: IPV6_LOOPBACK });
        });

        it('takes both families on the address ::, a mapped IPv4 sender as IPv4', async () => {
          const server = await openProbe({ kind, host: '::', echo: true });
          const port = server.socket.localPort;
          const overIpv4 = await openProbe({ kind, remote: { host: '127.0.0.1', port } });
          const overIpv6 = await openProbe({ kind, host: '::1', remote: { host: '::1', port } });
          const overMapped = await openProbe({ kind, host: '::', remote: { host: '127.0.0.1', port } });
          for (const client of [overIpv4, overIpv6, overMapped]) {
            client.sendText('one', 'two');
            await client.until(() => client.received.length === 2);
          }
          expect(server.received.map(({ family, address }) => `${family} ${address}`)).toEqual([
            '4 127.0.0.1',
            '4 127.0.0.1',
            `6 ${IPV6_LOOPBACK}`,
            `6 ${IPV6_LOOPBACK}`,
            '4 127.0.0.1',
            '4 127.0.0.1',
          ]);
          expect(overMapped.received[0]).toMatchObject({ family: 4, address: '127.0.0.1', port });
        });
      });

      it('hands in only the peer it is connected to', async () => {
        const server = await openProbe({ kind, echo: true });
        const client = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: server.socket.localPort },
        });
        const stranger = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: client.socket.localPort },
        });
        stranger.sendText('from a stranger');
        // What an unconnected port refuses comes back to the stranger as ICMP: the datagram has arrived by then.
        await stranger.until(() => stranger.errors.length === 1);
        client.sendText('mine');
        await client.until(() => client.received.length === 1);
        expect(client.received[0]?.text).toBe('mine');
      });

      it('answers the connected peer by reply() too', async () => {
        const first = await openProbe({ kind });
        const second = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: first.socket.localPort },
          echo: true,
        });
        const plain = createSocket('udp4');
        await first.socket.close();
        await new Promise<void>((resolve) => {
          plain.bind(first.socket.localPort, '127.0.0.1', resolve);
        });
        const answered = new Promise<Buffer>((resolve) => plain.once('message', resolve));
        plain.send('ping', second.socket.localPort, '127.0.0.1');
        expect((await answered).toString()).toBe('ping');
        plain.close();
      });

      it('tells onError that nobody listens, loses no datagram over it, and stays usable', async () => {
        const gone = await openProbe({ kind });
        const port = gone.socket.localPort;
        await gone.socket.close();
        const client = await openProbe({ kind, remote: { host: '127.0.0.1', port } });
        client.sendText('one', 'two', 'three');
        await client.until(() => client.errors.length > 0 && client.socket.counters.sentDatagrams === 3);
        expect(client.errors[0]).toMatchObject({ code: 'ECONNREFUSED' });
        expect(client.errors[0]?.syscall).toMatch(/^(send|recv)/);
        expect(client.socket.counters.sendErrors).toBe(0);

        await openProbe({ kind, port, echo: true });
        client.sendText('four');
        await client.until(() => client.received.length === 1);
        expect(client.received[0]?.text).toBe('four');
      });

      it('cuts a datagram that is longer than a slot', async () => {
        const sentLengths: number[] = [];
        const server = await openProbe({
          kind,
          onBatch(batch) {
            for (let index = 0; index < batch.count; index++) sentLengths.push(batch.sentLength(index));
          },
        });
        const plain = createSocket('udp4');
        const long = 'abcd'.repeat(1000);
        plain.send(long, server.socket.localPort, '127.0.0.1');
        plain.send('next', server.socket.localPort, '127.0.0.1');
        await server.until(() => server.received.length === 2);
        plain.close();
        expect(server.received[0]).toMatchObject({
          length: SLOT_BYTES,
          text: long.slice(0, SLOT_BYTES),
        });
        expect(sentLengths).toEqual([long.length, 4]);
        expect(server.received[1]).toMatchObject({ length: 4, text: 'next' });
      });

      it('takes datagrams from empty to a full slot', async () => {
        const server = await openProbe({ kind, echo: true });
        const client = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: server.socket.localPort },
        });
        const texts = ['', 'x', 'y'.repeat(1472), 'z'.repeat(SLOT_BYTES)];
        client.sendText(...texts);
        await client.until(() => client.received.length === texts.length);
        expect(client.received.map(({ text }) => text)).toEqual(texts);
      });

      it('refuses a slot that is not the current one and a length beyond it', async () => {
        const { socket } = await openProbe({ kind, remote: { host: '127.0.0.1', port: 9 } });
        expect(() => socket.send(socket.slot(), SLOT_BYTES + 1)).toThrow(RangeError);
        expect(() => socket.send(socket.slot() + SLOT_BYTES, 1)).toThrow(RangeError);
        expect(socket.counters.sentDatagrams).toBe(0);
      });

      it('refuses send() without a remote', async () => {
        const { socket } = await openProbe({ kind });
        expect(() => socket.send(socket.slot(), 1)).toThrow('without a remote');
      });

      it('overwrites a batch by the next one, in the same array', async () => {
        const kept: { bytes: Uint8Array; at: number }[] = [];
        const server = await openProbe({
          kind,
          onBatch: (batch) => kept.push({ bytes: batch.bytes, at: batch.offset(0) }),
        });
        const client = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: server.socket.localPort },
        });
        client.sendText('first');
        await server.until(() => kept.length === 1);
        client.sendText('other');
        await server.until(() => kept.length === 2);
        const [first, second] = kept as [(typeof kept)[0], (typeof kept)[0]];
        expect(first.bytes).toBe(second.bytes);
        expect(first.at).toBe(second.at);
        expect(Buffer.from(first.bytes.subarray(first.at, first.at + 5)).toString()).toBe('other');
      });

      it('gives the same slot until it is used', async () => {
        const server = await openProbe({ kind });
        const { socket } = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: server.socket.localPort },
        });
        const slot = socket.slot();
        expect(socket.slot()).toBe(slot);
        socket.sendBytes[slot] = 0x61;
        socket.send(slot, 1);
        socket.sendBytes[socket.slot()] = 0x62;
        socket.send(socket.slot(), 1);
        socket.flush();
        await server.until(() => server.received.length === 2);
        expect(server.received.map(({ text }) => text)).toEqual(['a', 'b']);
      });

      it('says which receive buffer it was given', async () => {
        const askedBytes = 64 * 1024;
        const { socket } = await openProbe({
          kind,
          receiveBufferBytes: askedBytes,
          sendBufferBytes: askedBytes,
        });
        // Linux doubles the figure (socket(7)).
        expect(socket.receiveBuffer).toEqual({
          askedBytes,
          givenBytes: onLinux ? 2 * askedBytes : askedBytes,
        });
      });

      it('flushes what is queued before it closes', async () => {
        const server = await openProbe({ kind });
        const client = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: server.socket.localPort },
        });
        for (let index = 0; index < 10; index++) {
          client.socket.send(client.socket.slot(), 4);
        }
        await client.socket.close();
        await server.until(() => server.received.length === 10);
        expect(client.socket.counters).toMatchObject({ sentDatagrams: 10, sendErrors: 0 });
      });

      it('frees the port on close, hands in nothing afterwards, and counts what is queued then', async () => {
        const server = await openProbe({ kind, echo: true });
        const { localPort } = server.socket;
        const client = await openProbe({ kind, remote: { host: '127.0.0.1', port: localPort } });
        client.sendText('unread');
        await Promise.all([server.socket.close(), server.socket.close()]);
        const again = await openProbe({ kind, port: localPort });
        expect(again.socket.localPort).toBe(localPort);
        expect(server.received).toEqual([]);
        await client.socket.close();
        client.socket.send(client.socket.slot(), 1);
        client.socket.flush();
        expect(client.socket.counters).toMatchObject({ sentDatagrams: 1, sendErrors: 1 });
      });

      it('may be closed by the callback of a batch, whose answers still go out', async () => {
        const server = await openProbe({
          kind,
          echo: true,
          onBatch: (_batch, socket) => {
            void socket.close();
          },
        });
        const client = await openProbe({
          kind,
          remote: { host: '127.0.0.1', port: server.socket.localPort },
        });
        client.sendText('last');
        await client.until(() => client.received.length === 1);
        await server.socket.close();
        expect(client.received[0]?.text).toBe('last');
      });

      it.skipIf(!onLinux)('leaves no descriptor behind, whether it opened or not', async () => {
        const holder = await openProbe({ kind });
        const before = socketDescriptors();
        for (let round = 0; round < 10; round++) {
          const { socket } = await openProbe({ kind, remote: { host: '127.0.0.1', port: 9 } });
          expect(socketDescriptors()).toBe(before + 1);
          await socket.close();
          await expect(openProbe({ kind, port: holder.socket.localPort })).rejects.toThrow('EADDRINUSE');
          await expect(openProbe({ kind, remote: { host: '255.255.255.255', port: 9 } })).rejects.toThrow(
            '255.255.255.255:9',
          );
        }
        expect(socketDescriptors()).toBe(before);
      });

      it.each([
        ['an address of another machine', { host: '192.0.2.1' }, 'ADDRESS_NOT_AVAILABLE'],
        ['a port beyond 65535', { port: 65_536 }, 'BAD_PORT'],
        ['an empty name', { host: '' }, 'HOST_NOT_FOUND'],
        // A label of more than 63 characters: refused without asking a name server.
        ['a name that cannot exist', { host: 'x'.repeat(64) }, 'HOST_NOT_FOUND'],
      ])('names the mistake: %s', async (_name, options, code) => {
        await expect(openProbe({ kind, ...options })).rejects.toMatchObject({ name: 'LabError', code });
      });
    },
  );
}

describe('the kind auto', () => {
  it('is batched where that can be had', async () => {
    const { socket } = await openProbe({ kind: 'auto' });
    expect(socket.kind).toBe(
      kinds.find(({ kind }) => kind === 'batched')?.unavailable === null ? 'batched' : 'dgram',
    );
  });

  it('is dgram where koffi is missing, says why, and refuses batched', async () => {
    vi.resetModules();
    vi.doMock('koffi', () => {
      throw new Error('Cannot find package koffi');
    });
    try {
      const fresh = await import('../../src/wire/open-udp-socket.ts');
      expect(await fresh.batchedUnavailableReason()).toMatch(onLinux ? /koffi/ : /Linux/);
      const options = { host: '127.0.0.1', port: 0, receiveBufferBytes: 65_536, onBatch: () => {} };
      const socket = await fresh.openUdpSocket({ kind: 'auto', ...options });
      expect(socket.kind).toBe('dgram');
      await socket.close();
      await expect(fresh.openUdpSocket({ kind: 'batched', ...options })).rejects.toMatchObject({
        code: 'BATCHED_UNAVAILABLE',
      });
    } finally {
      vi.doUnmock('koffi');
      vi.resetModules();
    }
  });

  it('resolves a remote name in the family of the local address', async () => {
    const socket = await openUdpSocket({
      kind: 'auto',
      host: '127.0.0.1',
      port: 0,
      remote: { host: 'localhost', port: 9 },
      receiveBufferBytes: 65_536,
      onBatch: () => {},
    });
    expect(socket.localAddress).toBe('127.0.0.1');
    await socket.close();
  });
});

function socketDescriptors(): number {
  let count = 0;
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:')) {
        count++;
      }
    } catch (error) {
      // The descriptor of the listing itself is gone by now.
      expect((error as NodeJS.ErrnoException).code).toBe('ENOENT');
    }
  }
  return count;
}
