import { batchedUnavailableReason, openUdpSocket } from '../../src/wire/open-udp-socket.ts';
import type {
  AddressFamily,
  ReceivedBatch,
  SocketKind,
  UdpSocket,
  UdpSocketOptions,
} from '../../src/wire/udp-socket.ts';

/** Both kinds, each with why it cannot be tested here. */
export const kinds: readonly { readonly kind: SocketKind; readonly unavailable: string | null }[] = [
  { kind: 'dgram', unavailable: null },
  { kind: 'batched', unavailable: await batchedUnavailableReason() },
];

interface Received {
  readonly text: string;
  readonly length: number;
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
}

/** A socket that keeps what it receives, and lets a test wait for it. */
export interface Probe {
  readonly socket: UdpSocket;
  readonly received: Received[];
  readonly errors: NodeJS.ErrnoException[];
  until(holds: () => boolean): Promise<void>;
  sendText(...texts: string[]): void;
}

const opened: UdpSocket[] = [];

/** Opens a socket on a free loopback port; `echo` makes it answer every datagram with its own bytes. */
export async function openProbe(
  options: Partial<UdpSocketOptions> & { readonly kind: UdpSocketOptions['kind']; readonly echo?: boolean },
): Promise<Probe> {
  const received: Received[] = [];
  const errors: NodeJS.ErrnoException[] = [];
  const waiting = new Set<() => void>();
  function wake(): void {
    for (const check of waiting) {
      check();
    }
  }
  const socket = await openUdpSocket({
    host: '127.0.0.1',
    port: 0,
    receiveBufferBytes: 1 << 20,
    ...options,
    onBatch(batch, from) {
      for (let index = 0; index < batch.count; index++) {
        received.push(describeDatagram(batch, index));
        if (options.echo) {
          echo(from, batch, index);
        }
      }
      options.onBatch?.(batch, from);
      wake();
    },
    onError(error) {
      errors.push(error);
      wake();
    },
  });
  opened.push(socket);
  return {
    socket,
    received,
    errors,
    until: (holds) =>
      new Promise((resolve) => {
        function check(): void {
          if (holds()) {
            waiting.delete(check);
            resolve();
          }
        }
        waiting.add(check);
        check();
      }),
    sendText(...texts) {
      for (const text of texts) {
        const at = socket.slot();
        socket.send(at, Buffer.from(socket.sendBytes.buffer, socket.sendBytes.byteOffset + at).write(text));
      }
      socket.flush();
    },
  };
}

/** Closes what the test opened. */
export async function closeProbes(): Promise<void> {
  await Promise.all(opened.splice(0).map((socket) => socket.close()));
}

function echo(socket: UdpSocket, batch: ReceivedBatch, index: number): void {
  const at = socket.slot();
  const from = batch.offset(index);
  const length = batch.length(index);
  socket.sendBytes.set(batch.bytes.subarray(from, from + length), at);
  socket.reply(at, length, batch, index);
}

function describeDatagram(batch: ReceivedBatch, index: number): Received {
  const from = batch.offset(index);
  const length = batch.length(index);
  const family = batch.family(index);
  const address = new Uint8Array(family === 4 ? 4 : 16);
  batch.copyAddress(index, address, 0);
  return {
    text: Buffer.from(batch.bytes.subarray(from, from + length)).toString('latin1'),
    length,
    family,
    address: family === 4 ? address.join('.') : Buffer.from(address).toString('hex'),
    port: batch.port(index),
  };
}
