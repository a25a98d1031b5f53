import { constants } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveEndpoint } from '../../src/wire/endpoint.ts';
import { type Libc, loadLibc } from '../../src/wire/libc.ts';
import { openBatchedSocket } from '../../src/wire/open-batched-socket.ts';
import type { ReceivedBatch, UdpSocket } from '../../src/wire/udp-socket.ts';
import { closeProbes, openProbe, type Probe } from './socket-probe.ts';

const { EAGAIN, ECONNREFUSED, EINTR, ENOBUFS, ENOTSUP, EPERM } = constants.errno;
const RING_SLOTS = 64;

const loaded = await loadLibc();
const unavailable = 'reason' in loaded ? loaded.reason : null;
const realLibc = 'libc' in loaded ? loaded.libc : undefined;

let opened: UdpSocket[] = [];

afterEach(async () => {
  await Promise.all(opened.map((socket) => socket.close()));
  opened = [];
  await closeProbes();
});

/** A batched socket connected to `peer`, some of whose system calls are scripted. */
async function openScripted(
  peer: Probe,
  calls: Partial<Libc>,
  onBatch: (batch: ReceivedBatch, socket: UdpSocket) => void = () => {},
): Promise<{ socket: UdpSocket; errors: (string | undefined)[] }> {
  const errors: (string | undefined)[] = [];
  const local = await resolveEndpoint('127.0.0.1', 0, 4);
  const remote = await resolveEndpoint('127.0.0.1', peer.socket.localPort, 4);
  const libc = { ...(realLibc as Libc), ...calls };
  const socket = await openBatchedSocket(libc, local, remote, {
    kind: 'batched',
    host: local.host,
    port: local.port,
    remote: { host: remote.host, port: remote.port },
    receiveBufferBytes: 65_536,
    onBatch,
    onError: (error) => errors.push(error.code),
  });
  opened.push(socket);
  return { socket, errors };
}

function sendNumbered(socket: UdpSocket, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    const at = socket.slot();
    socket.sendBytes[at] = number;
    socket.send(at, 1);
  }
}

function numbers(probe: Probe): number[] {
  return probe.received.map(({ text }) => text.charCodeAt(0));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe.skipIf(unavailable !== null)(
  `a batched socket whose kernel${unavailable === null ? '' : ` (${unavailable})`}`,
  () => {
    it.each([
      ['EAGAIN', EAGAIN],
      ['ENOBUFS', ENOBUFS],
    ])('has no room for a while (%s) sends the rest by itself', async (_name, errno) => {
      const peer = await openProbe({ kind: 'dgram' });
      const answers = [-errno, -errno, 1, -errno];
      const { socket, errors } = await openScripted(peer, {
        sendmmsg: (fd, header, count) => {
          const answer = answers.shift() ?? count;
          return answer < 0 ? answer : (realLibc as Libc).sendmmsg(fd, header, answer);
        },
      });
      sendNumbered(socket, 0, 5);
      socket.flush();
      expect(socket.counters.sentDatagrams).toBe(0);
      await peer.until(() => peer.received.length === 5);
      expect(numbers(peer)).toEqual(upTo(5));
      expect(socket.counters).toMatchObject({ sentDatagrams: 5, sendErrors: 0 });
      expect(errors).toEqual([]);
    });

    it('has no room while the ring is full makes slot() wait for it', async () => {
      const peer = await openProbe({ kind: 'dgram' });
      let room = false;
      let waits = 0;
      const { socket } = await openScripted(peer, {
        sendmmsg: (fd, header, count) => (room ? (realLibc as Libc).sendmmsg(fd, header, count) : -EAGAIN),
        waitWritable: () => {
          waits++;
          room = waits === 3;
        },
      });
      sendNumbered(socket, 0, RING_SLOTS + 1);
      socket.flush();
      expect(waits).toBe(3);
      await peer.until(() => peer.received.length === RING_SLOTS + 1);
      expect(numbers(peer)).toEqual(upTo(RING_SLOTS + 1));
      expect(socket.counters.sendErrors).toBe(0);
    });

    it('never has room again makes every datagram a counted error, on the ring and on close', async () => {
      const peer = await openProbe({ kind: 'dgram' });
      let waits = 0;
      const { socket, errors } = await openScripted(peer, {
        sendmmsg: () => -EAGAIN,
        waitWritable: () => {
          waits++;
        },
      });
      sendNumbered(socket, 0, RING_SLOTS + 10);
      expect(socket.counters).toMatchObject({ sentDatagrams: 0, sendErrors: 10 });
      await socket.close();
      expect(socket.counters).toMatchObject({ sentDatagrams: 0, sendErrors: RING_SLOTS + 10 });
      expect(errors).toEqual(new Array(RING_SLOTS + 10).fill('EAGAIN'));
      // 10 waits of 10 ms in all, not for each datagram.
      expect(waits).toBe(10);
    });

    it('has no room for long makes the retries give up the oldest', async () => {
      const peer = await openProbe({ kind: 'dgram' });
      const scripted = await openScripted(peer, {
        sendmmsg: (fd, header, count) =>
          scripted.errors.length > 0 ? (realLibc as Libc).sendmmsg(fd, header, count) : -ENOBUFS,
      });
      const { socket, errors } = scripted;
      sendNumbered(socket, 0, 3);
      socket.flush();
      await peer.until(() => peer.received.length === 2);
      expect(numbers(peer)).toEqual([1, 2]);
      expect(errors).toEqual(['ENOBUFS']);
      expect(socket.counters).toMatchObject({ sentDatagrams: 2, sendErrors: 1 });
    });

    it('refuses a datagram for good counts it and sends the others', async () => {
      const peer = await openProbe({ kind: 'dgram' });
      const answers = [1, -EPERM];
      const { socket, errors } = await openScripted(peer, {
        sendmmsg: (fd, header, count) => {
          const answer = answers.shift() ?? count;
          return answer < 0 ? answer : (realLibc as Libc).sendmmsg(fd, header, answer);
        },
      });
      sendNumbered(socket, 0, 3);
      socket.flush();
      await peer.until(() => peer.received.length === 2);
      expect(numbers(peer)).toEqual([0, 2]);
      expect(errors).toEqual(['EPERM']);
      expect(socket.counters).toMatchObject({ sentDatagrams: 2, sendErrors: 1 });
    });

    it('interrupts or answers with news while receiving still hands in what waits behind', async () => {
      const peer = await openProbe({ kind: 'dgram', echo: true });
      const answers = [-EINTR, -ECONNREFUSED];
      let received = 0;
      const counts: number[] = [];
      const { socket, errors } = await openScripted(
        peer,
        {
          recvmmsg: (fd, header, count) => answers.shift() ?? (realLibc as Libc).recvmmsg(fd, header, count),
        },
        (batch) => {
          counts.push(batch.count);
          received += batch.count;
        },
      );
      sendNumbered(socket, 0, 20);
      socket.flush();
      while (received < 20) {
        await new Promise(setImmediate);
      }
      expect(errors).toEqual(['ECONNREFUSED']);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
    });

    it('always has more to read lets timers and immediates run after each 4 batches', async () => {
      const peer = await openProbe({ kind: 'dgram', echo: true });
      let batches = 0;
      const batchesAtImmediates: number[] = [];
      const { socket } = await openScripted(
        peer,
        // Endless: every call fills the ring.
        { recvmmsg: (_fd, _header, count) => count },
        (batch) => {
          expect(batch.count).toBe(RING_SLOTS);
          if (batches === 0) setImmediate(noteBatches);
          batches++;
        },
      );
      function noteBatches(): void {
        if (batchesAtImmediates.push(batches) < 3) setImmediate(noteBatches);
        else void socket.close();
      }
      sendNumbered(socket, 0, 1);
      socket.flush();
      while (batchesAtImmediates.length < 3) {
        await new Promise(setImmediate);
      }
      // The socket's own immediate was planned before the first batch was handed in.
      expect(batchesAtImmediates).toEqual([8, 12, 16]);
    });

    it('has more than one turn may take reads the rest itself in the next turn, then waits for the loop again', async () => {
      // Answers one datagram with twenty, all of them before the other socket has its turn.
      const peer = await openProbe({
        kind: 'batched',
        onBatch: (batch, from) => {
          for (let number = 0; number < 20; number++) {
            const at = from.slot();
            from.sendBytes[at] = number;
            from.reply(at, 1, batch, 0);
          }
        },
      });
      const counts: number[] = [];
      const rest: number[] = [];
      const { socket } = await openScripted(
        peer,
        // 4 full batches are made up.
        {
          recvmmsg: (fd, header, count) =>
            counts.length < 4 ? count : (realLibc as Libc).recvmmsg(fd, header, count),
        },
        (batch) => {
          counts.push(batch.count);
          if (counts.length <= 4) return;
          for (let index = 0; index < batch.count; index++) {
            rest.push(batch.bytes[batch.offset(index)] as number);
          }
        },
      );
      sendNumbered(socket, 0, 1);
      socket.flush();
      while (rest.length < 19) {
        await new Promise(setImmediate);
      }
      expect(counts).toEqual([...new Array<number>(4).fill(RING_SLOTS), 19]);
      expect(rest).toEqual(upTo(20).slice(1));
      sendNumbered(socket, 0, 1);
      socket.flush();
      while (rest.length < 39) {
        await new Promise(setImmediate);
      }
      expect(rest.slice(19)).toEqual(upTo(20));
    });

    it('holds datagrams while the caller asks hands in one batch at once', async () => {
      const peer = await openProbe({ kind: 'dgram', echo: true });
      const counts: number[] = [];
      let inside = -1;
      const { socket } = await openScripted(peer, {}, (batch, from) => {
        counts.push(batch.count);
        from.poll();
        inside = counts.length;
      });
      socket.poll();
      expect(counts).toEqual([]);
      sendNumbered(socket, 0, 5);
      socket.flush();
      while (socket.counters.receivedDatagrams < 5) {
        socket.poll();
        await new Promise(setImmediate);
      }
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
      expect(inside).toBe(counts.length);
      await socket.close();
      socket.poll();
      expect(socket.counters.receivedDatagrams).toBe(5);
    });

    it('drops datagrams counts them', async () => {
      const slow = await openProbe({ kind: 'batched', receiveBufferBytes: 4096 });
      expect(slow.socket.dropsKnown).toBe(true);
      expect(slow.socket.counters.receiveDrops).toBe(0);
      const client = await openProbe({
        kind: 'batched',
        remote: { host: '127.0.0.1', port: slow.socket.localPort },
      });
      // All of them before the event loop lets the other socket read.
      client.sendText(...new Array<string>(1000).fill('x'));
      await slow.until(() => slow.received.length + slow.socket.counters.receiveDrops === 1000);
      const { receiveDrops } = slow.socket.counters;
      expect(receiveDrops).toBeGreaterThan(0);
      expect(slow.received.length).toBeGreaterThan(0);
      await slow.socket.close();
      expect(slow.socket.counters.receiveDrops).toBe(receiveDrops);
    });

    it('does not tell its drops says so', async () => {
      const peer = await openProbe({ kind: 'dgram' });
      const { socket } = await openScripted(peer, { getDrops: () => -ENOTSUP });
      expect(socket.dropsKnown).toBe(false);
      expect(socket.counters.receiveDrops).toBe(0);
    });
  },
);
