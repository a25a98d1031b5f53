/** The sockets of one load thread: few, shared by all its clients, connected to the target. */
import { readFileSync } from 'node:fs';
import { openUdpSocket } from '../../wire/open-udp-socket.ts';
import type { AddressFamily, ReceivedBatch, UdpSocket } from '../../wire/udp-socket.ts';
import { sumSocketDrops } from './socket-drops.ts';

/** More sockets mean more source addresses, and smaller batches on each. */
const MOST_SOCKETS = 4;
/** A batch of so many replies says that the thread is busy. */
const BUSY_BATCH = 32;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * A source address of its own inside 127.0.0.0/8, where every address is this machine's.
 *
 * @param index - below 16,384 for distinct addresses
 */
function loopbackSource(index: number): string {
  return `127.1.${Math.floor(index / 128) % 128}.${1 + (index % 128)}`;
}

export interface ThreadSocketOptions {
  readonly thread: number;
  readonly clients: number;
  readonly target: { readonly address: string; readonly family: AddressFamily; readonly port: number };
  readonly onBatch: (batch: ReceivedBatch) => void;
}

/**
 * Opens the sockets of a thread. Towards 127.0.0.0/8 each has another source address; elsewhere the system chooses.
 *
 * @throws LabError as `openUdpSocket`
 */
export async function openThreadSockets(options: ThreadSocketOptions): Promise<UdpSocket[]> {
  const { target, thread } = options;
  const count = Math.min(MOST_SOCKETS, options.clients);
  // Other systems give the loopback interface one address only.
  const hasSources = target.address.startsWith('127.') && process.platform === 'linux';
  const anyAddress = target.family === 4 ? '0.0.0.0' : '::';
  const sockets: UdpSocket[] = [];
  let sharing = false;

  /**
   * A closed loop that is busy brings the socket at hand the next replies while its last ones are taken, so that it would
   * go on for as long as it is let: replies at the other sockets would wait for milliseconds, and count as slow.
   */
  function receiveInTurns(batch: ReceivedBatch, socket: UdpSocket): void {
    options.onBatch(batch);
    if (sharing || batch.count < BUSY_BATCH) return;
    socket.flush();
    sharing = true;
    for (const other of sockets) {
      if (other !== socket) other.poll();
    }
    sharing = false;
  }

  for (let index = 0; index < count; index++) {
    sockets.push(
      await openUdpSocket({
        kind: 'auto',
        host: hasSources ? loopbackSource(thread * MOST_SOCKETS + index) : anyAddress,
        port: 0,
        receiveBufferBytes: RECEIVE_BUFFER_BYTES,
        remote: { host: target.address, port: target.port },
        onBatch: receiveInTurns,
        // Refused datagrams are in the socket's counters, and a request that got no answer times out.
        onError: ignoreSocketError,
      }),
    );
  }
  return sockets;
}

function ignoreSocketError(): void {}

/** Datagrams that the kernel has dropped at these sockets so far; null: not known. */
export function readSocketDrops(sockets: readonly UdpSocket[], family: AddressFamily): number | null {
  if (sockets.every((socket) => socket.dropsKnown)) {
    return sockets.reduce((sum, socket) => sum + socket.counters.receiveDrops, 0);
  }
  let table: string;
  try {
    table = readFileSync(family === 4 ? '/proc/net/udp' : '/proc/net/udp6', 'latin1');
  } catch {
    return null;
  }
  const endpoints = sockets.map((socket) => ({ address: socket.localAddress, port: socket.localPort }));
  return sumSocketDrops(table, endpoints);
}
