import type { Nanoseconds } from '../units.ts';
import { BatchedSocket } from './batched-socket.ts';
import { type Libc, loadLibc } from './libc.ts';
import type { UdpSocket } from './udp-socket.ts';

const POLLIN = 1;
/** `struct pollfd`: int fd; short events; short revents. */
const POLLFD_BYTES = 8;
const TIMESPEC_BYTES = 16;

/**
 * Waits for datagrams at several sockets to the microsecond, in the calling thread, whose event loop stands still
 * meanwhile. The event loop itself waits in whole milliseconds.
 */
export class SocketWait {
  readonly #libc: Libc;
  readonly #sockets: readonly BatchedSocket[];
  readonly #descriptors: Int32Array;
  readonly #events: Int16Array;
  readonly #timespec: Uint32Array;
  readonly #memory: Uint8Array;
  readonly #pollAddress: number;
  readonly #timespecAddress: number;

  constructor(libc: Libc, sockets: readonly BatchedSocket[]) {
    const pollBytes = sockets.length * POLLFD_BYTES;
    const memory = new ArrayBuffer(TIMESPEC_BYTES + pollBytes);
    this.#libc = libc;
    this.#sockets = sockets;
    this.#memory = new Uint8Array(memory);
    this.#timespec = new Uint32Array(memory, 0, TIMESPEC_BYTES / 4);
    this.#descriptors = new Int32Array(memory, TIMESPEC_BYTES);
    this.#events = new Int16Array(memory, TIMESPEC_BYTES);
    this.#timespecAddress = libc.addressOf(this.#memory);
    this.#pollAddress = this.#timespecAddress + TIMESPEC_BYTES;
    for (let index = 0; index < sockets.length; index++) {
      this.#events[4 * index + 2] = POLLIN;
    }
  }

  /**
   * Returns when a datagram is there, a signal came, or the time is over; sockets that have datagrams hand in a batch.
   *
   * @param timeoutNs - below a second; 0 or less: it only looks
   */
  wait(timeoutNs: Nanoseconds): void {
    this.#timespec[2] = Math.max(0, timeoutNs);
    for (let index = 0; index < this.#sockets.length; index++) {
      // poll(2) passes negative descriptors over.
      this.#descriptors[2 * index] = (this.#sockets[index] as BatchedSocket).descriptor;
    }
    const ready = this.#libc.waitAny(this.#pollAddress, this.#sockets.length, this.#timespecAddress);
    if (ready <= 0) {
      return;
    }
    for (let index = 0; index < this.#sockets.length; index++) {
      if (this.#events[4 * index + 3] !== 0) {
        (this.#sockets[index] as BatchedSocket).poll();
      }
    }
  }
}

/** The wait for all of `sockets`; null where one of them is of the dgram kind. */
export async function openSocketWait(sockets: readonly UdpSocket[]): Promise<SocketWait | null> {
  const batched = sockets.filter((socket) => socket instanceof BatchedSocket);
  const loaded = await loadLibc();
  return batched.length === sockets.length && 'libc' in loaded ? new SocketWait(loaded.libc, batched) : null;
}
