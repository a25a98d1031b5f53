/** The sockets of one load thread: few, shared by all its clients, connected to the target. */
import { readFileSync } from 'node:fs';
import { openUdpSocket } from '../../wire/open-udp-socket.ts';
import type { AddressFamily, ReceivedBatch, UdpSocket } from '../../wire/udp-socket.ts';
import { sumSocketDrops } from './socket-drops.ts';
import type { ThreadTarget } from './thread-messages.ts';

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

/** Sockets of a thread: the same number for each tracker. */
function socketsFor(members: number): number {
  return members * Math.ceil(MOST_SOCKETS / members);
}

/**
 * The tracker that a socket speaks to. Clients take the sockets of their thread in turn, so that they take the trackers in turn, too; the
 * threads begin with different ones, so that few clients reach all.
 */
export function memberOfSocket(of: {
  readonly socket: number;
  readonly thread: number;
  readonly members: number;
}): number {
  return (of.socket + of.thread) % of.members;
}

export interface ThreadSocketOptions {
  readonly thread: number;
  readonly clients: number;
  /** One or more of one address family, whose sockets take turns. */
  readonly targets: readonly ThreadTarget[];
  readonly onBatch: (batch: ReceivedBatch) => void;
}

/**
 * Opens the sockets of a thread. Towards 127.0.0.0/8 each has another source address; elsewhere the system chooses.
 *
 * @throws LabError as `openUdpSocket`
 */
export async function openThreadSockets(options: ThreadSocketOptions): Promise<UdpSocket[]> {
  const { targets, thread } = options;
  const [target] = targets as readonly [ThreadTarget, ...ThreadTarget[]];
  const most = socketsFor(targets.length);
  const count = Math.min(most, options.clients);
  // Other systems give the loopback interface one address only.
  const hasSources =
    targets.every(({ address }) => address.startsWith('127.')) && process.platform === 'linux';
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
    const { address, port } = targets[
      memberOfSocket({ socket: index, thread, members: targets.length })
    ] as ThreadTarget;
    sockets.push(
      await openUdpSocket({
        kind: 'auto',
        host: hasSources ? loopbackSource(thread * most + index) : anyAddress,
        port: 0,
        receiveBufferBytes: RECEIVE_BUFFER_BYTES,
        remote: { host: address, port },
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
