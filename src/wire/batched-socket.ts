/**
 * The batched kind of UdpSocket: recvmmsg(2) and sendmmsg(2) on rings, on the event loop's own thread.
 *
 * Node's dgram holds the same descriptor and only wakes the loop: it reads one datagram, which becomes the first of a
 * batch, and the rest of the kernel's queue is drained behind it. A socket that is still full at the end of its turn has
 * the loop watch it no longer: an immediate drains it in each turn of the loop, until a batch comes out small. Else
 * libuv would hand in up to 31 datagrams more, one by one, before it let others have their turn; where it cannot be
 * stopped, those are batches of one. All are delivered in the order of arrival.
 */
import type { RemoteInfo, Socket } from 'node:dgram';
import { constants } from 'node:os';
import { DatagramIntake } from './datagram-intake.ts';
import type { Libc } from './libc.ts';
import { createCounters, type LiveCounters } from './live-counters.ts';
import { MessageRing, SLOT_STRIDE } from './message-ring.ts';
import { RingBatch } from './ring-batch.ts';
import { SendQueue } from './send-queue.ts';
import {
  SOCKET_ADDRESS_BYTES_IPV4,
  SOCKET_ADDRESS_BYTES_IPV6,
  SOCKET_ADDRESS_STRIDE,
} from './socket-address.ts';
import { systemError } from './system-error.ts';
import {
  type AddressFamily,
  type ReceivedBatch,
  SLOT_BYTES,
  type UdpSocket,
  type UdpSocketOptions,
} from './udp-socket.ts';
import { type WakeSwitch, wakeSwitchOf } from './wake-switch.ts';

/** Datagrams per system call. Twice 128 KiB of payload slots stay in a second-level cache. */
const RING_SLOTS = 64;
/**
 * Full batches drained in one turn of the event loop: about a millisecond of a tracker that is full. Timers and other
 * sockets have their turn after it, which costs a look at the watched descriptors (docs/adr/0006).
 */
const BATCHES_PER_TURN = 4;
/** Where a batch is as large as this, there is mostly something to read in the next turn, too. */
const BUSY_BATCH = 32;
/** Errors (of connected sockets) skipped in one attempt to receive. */
const RECEIVE_ATTEMPTS = 8;
/** Where the kernel has no room, sending is tried again after this time. */
const RETRY_MS = 1;
/** The longest single wait for room while the send ring is full. */
const WAIT_WRITABLE_MS = 10;
/** Without progress for this long, datagrams are given up as send errors. */
const MAX_STALLED_MS = 100;

const { EAGAIN, EINTR } = constants.errno;

export interface BatchedSocketParts {
  readonly libc: Libc;
  readonly fd: number;
  /** Bound as `fd`, for sending; the same, or one that nothing watches. */
  readonly sendFd: number;
  /** Bound to `fd`, which it owns; connected where `options.remote` is given. */
  readonly wake: Socket;
  readonly family: AddressFamily;
  readonly receiveBuffer: UdpSocket['receiveBuffer'];
  readonly options: UdpSocketOptions;
}

export class BatchedSocket implements UdpSocket {
  readonly kind = 'batched';
  readonly descriptor: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly receiveBuffer: UdpSocket['receiveBuffer'];
  readonly counters: LiveCounters;
  readonly dropsKnown: boolean;
  readonly sendBytes: Uint8Array;

  readonly #libc: Libc;
  readonly #fd: number;
  readonly #sendFd: number;
  readonly #wake: Socket;
  /** null: libuv cannot be stopped. */
  readonly #wakeSwitch: WakeSwitch | null;
  readonly #connected: boolean;
  readonly #onBatch: UdpSocketOptions['onBatch'];
  readonly #onError: UdpSocketOptions['onError'];
  readonly #receiveRing = new MessageRing(RING_SLOTS);
  readonly #sendRing = new MessageRing(RING_SLOTS);
  readonly #intake: DatagramIntake;
  readonly #batch: RingBatch;
  readonly #queue: SendQueue;
  readonly #retry = (): void => this.#onRetry();
  readonly #nextTurn = (): void => this.#onNextTurn();
  #batchesLeft = BATCHES_PER_TURN;
  /** An immediate is on its way. */
  #hasNextTurn = false;
  /** The loop does not watch the descriptor: the next turn reads it. */
  #isPolling = false;
  /** Inside the callback: the receive ring is being read. */
  #delivering = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #stalledMs = 0;
  /** Set from the moment that close() was called. */
  #closed: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;
  #dropsAtClose = 0;

  constructor({ libc, fd, sendFd, wake, family, receiveBuffer, options }: BatchedSocketParts) {
    const { address, port } = wake.address();
    this.localAddress = address;
    this.localPort = port;
    this.receiveBuffer = receiveBuffer;
    this.dropsKnown = libc.getDrops(fd) >= 0;
    this.counters = createCounters(() => this.#readDrops());
    this.sendBytes = this.#sendRing.payloads;
    this.#libc = libc;
    this.#fd = fd;
    this.descriptor = fd;
    this.#sendFd = sendFd;
    this.#wake = wake;
    this.#wakeSwitch = wakeSwitchOf(wake);
    this.#connected = options.remote !== undefined;
    this.#onBatch = options.onBatch;
    this.#onError = options.onError;
    this.#intake = new DatagramIntake(this.#receiveRing, family);
    this.#batch = new RingBatch(this.#receiveRing);
    this.#queue = new SendQueue({
      ring: this.#sendRing,
      counters: this.counters,
      transmit: (headerAddress, count) => libc.sendmmsg(sendFd, headerAddress, count),
      onError: (errno) => this.#onError?.(systemError(errno, 'sendmmsg')),
    });
    const nameLengthBytes = family === 4 ? SOCKET_ADDRESS_BYTES_IPV4 : SOCKET_ADDRESS_BYTES_IPV6;
    this.#receiveRing.linkPointers(libc.addressOf(this.#receiveRing.memory), nameLengthBytes);
    this.#sendRing.linkPointers(libc.addressOf(this.#sendRing.memory), this.#connected ? 0 : nameLengthBytes);
    const onDatagram = (message: Buffer, sender: RemoteInfo): void => this.#onWake(message, sender);
    const onReceiveError = (error: Error): void => this.#onError?.(error);
    wake.on('message', onDatagram);
    wake.on('error', onReceiveError);
  }

  slot(): number {
    while (this.#queue.isFull) {
      this.#makeRoom();
    }
    return this.#queue.nextSlot * SLOT_STRIDE;
  }

  reply(slotOffset: number, length: number, _batch: ReceivedBatch, index: number): void {
    this.#checkSlot(slotOffset, length);
    if (!this.#connected) {
      this.#sendRing.copyAddressFrom(this.#queue.nextSlot, this.#receiveRing, index);
    }
    this.#enqueue(length);
  }

  copySender(index: number, target: Uint8Array): void {
    const from = this.#receiveRing.addresses;
    const at = index * SOCKET_ADDRESS_STRIDE;
    for (let byte = 0; byte < SOCKET_ADDRESS_STRIDE; byte++) {
      target[byte] = from[at + byte] as number;
    }
  }

  replyTo(sender: Uint8Array, slotOffset: number, length: number): void {
    this.#checkSlot(slotOffset, length);
    this.#sendRing.addresses.set(sender, this.#queue.nextSlot * SOCKET_ADDRESS_STRIDE);
    this.#enqueue(length);
  }

  send(slotOffset: number, length: number): void {
    if (!this.#connected) {
      throw new Error('send() on a socket that was opened without a remote');
    }
    this.#checkSlot(slotOffset, length);
    this.#enqueue(length);
  }

  flush(): void {
    const sentBefore = this.counters.sentDatagrams;
    const done = this.#queue.flush();
    if (done || this.counters.sentDatagrams > sentBefore) {
      this.#stalledMs = 0;
    }
    if (!done) {
      this.#retryTimer ??= setTimeout(this.#retry, RETRY_MS);
    }
  }

  poll(): void {
    if (this.#delivering || this.#closed !== undefined || this.#batchesLeft === 0) {
      return;
    }
    this.#deliver(this.#receive(0));
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#dropsAtClose = this.#readDrops();
      this.#closed = new Promise((resolve) => {
        this.#onClosed = resolve;
      });
      this.#flushAndClose();
    }
    return this.#closed;
  }

  #flushAndClose(): void {
    this.flush();
    while (!this.#queue.isEmpty) {
      this.#makeRoom();
    }
    clearTimeout(this.#retryTimer);
    if (this.#sendFd !== this.#fd) {
      this.#libc.closeSocket(this.#sendFd);
    }
    this.#wake.close(this.#onClosed);
  }

  #checkSlot(slotOffset: number, length: number): void {
    if (slotOffset !== this.#queue.nextSlot * SLOT_STRIDE || !(length >= 0 && length <= SLOT_BYTES)) {
      throw new RangeError(
        `slot ${slotOffset} with ${length} bytes: expected the offset that slot() gave last, and at most ${SLOT_BYTES} bytes`,
      );
    }
  }

  #enqueue(length: number): void {
    // The descriptor may belong to another socket by now.
    if (this.#closed !== undefined) {
      this.counters.sendErrors++;
      return;
    }
    this.#queue.push(length);
  }

  /** Waits a little for room in the kernel; gives the oldest datagram up where that was in vain for too long. */
  #makeRoom(): void {
    this.flush();
    if (this.#queue.isEmpty) {
      return;
    }
    if (this.#stalledMs >= MAX_STALLED_MS) {
      this.#queue.refuseOldest();
      return;
    }
    this.#libc.waitWritable(this.#sendFd, WAIT_WRITABLE_MS);
    this.#stalledMs += WAIT_WRITABLE_MS;
  }

  #onRetry(): void {
    this.#retryTimer = undefined;
    this.#stalledMs += RETRY_MS;
    if (this.#stalledMs >= MAX_STALLED_MS && !this.#queue.isEmpty) {
      this.#queue.refuseOldest();
    }
    this.flush();
  }

  #onWake(message: Buffer, sender: RemoteInfo): void {
    if (this.#closed !== undefined) {
      return;
    }
    this.#intake.put(0, message, sender);
    const count = this.#batchesLeft === 0 ? 1 : 1 + this.#receive(1);
    this.#deliver(count);
    this.#drain(count);
  }

  #onNextTurn(): void {
    this.#hasNextTurn = false;
    this.#batchesLeft = BATCHES_PER_TURN;
    if (this.#closed !== undefined || !this.#isPolling) {
      return;
    }
    const count = this.#receive(0);
    this.#deliver(count);
    this.#drain(count);
  }

  /** Goes on after a batch, and sees to it that what is left wakes the loop. */
  #drain(firstCount: number): void {
    let count = firstCount;
    while (count === RING_SLOTS && this.#batchesLeft > 0 && this.#closed === undefined) {
      count = this.#receive(0);
      this.#deliver(count);
    }
    if (this.#closed === undefined) {
      this.#watch(count < BUSY_BATCH && this.#batchesLeft > 0);
    }
  }

  #watch(isWatched: boolean): void {
    if (this.#wakeSwitch === null) {
      return;
    }
    if (!isWatched) {
      this.#planNextTurn();
    }
    if (isWatched === this.#isPolling) {
      this.#isPolling = !isWatched;
      if (isWatched) {
        this.#wakeSwitch.on();
      } else {
        this.#wakeSwitch.off();
      }
    }
  }

  #planNextTurn(): void {
    if (!this.#hasNextTurn) {
      this.#hasNextTurn = true;
      setImmediate(this.#nextTurn);
    }
  }

  /** Fills the ring from a slot on. @returns how many datagrams came */
  #receive(fromSlot: number): number {
    const headerAddress = this.#receiveRing.headerAddress(fromSlot);
    for (let attempt = 0; attempt < RECEIVE_ATTEMPTS; attempt++) {
      const received = this.#libc.recvmmsg(this.#fd, headerAddress, RING_SLOTS - fromSlot);
      if (received >= 0) {
        return received;
      }
      if (received === -EAGAIN) {
        return 0;
      }
      if (received !== -EINTR) {
        this.#onError?.(systemError(-received, 'recvmmsg'));
      }
    }
    return 0;
  }

  #deliver(count: number): void {
    if (count === 0) {
      return;
    }
    if (count === RING_SLOTS) {
      this.#batchesLeft = Math.max(0, this.#batchesLeft - 1);
      this.#planNextTurn();
    }
    this.counters.receivedDatagrams += count;
    this.#batch.count = count;
    this.#delivering = true;
    this.#onBatch(this.#batch, this);
    this.#delivering = false;
    if (this.#closed === undefined) {
      this.flush();
    }
  }

  #readDrops(): number {
    if (!this.dropsKnown || this.#closed !== undefined) {
      return this.#dropsAtClose;
    }
    const drops = this.#libc.getDrops(this.#fd);
    return drops < 0 ? this.#dropsAtClose : drops;
  }
}
