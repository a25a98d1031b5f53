/**
 * The batched kind of UdpSocket: recvmmsg(2) and sendmmsg(2) on rings, on the event loop's own thread.
 *
 * Node's dgram holds the same descriptor and only wakes the loop: it reads one datagram, which becomes the first of a
 * batch, and the rest of the kernel's queue is drained behind it. libuv hands in up to 32 datagrams before it polls
 * again. Each was read after the previous batch had been drained, so all are delivered, in the order of arrival. Those
 * that come when the turn's batches are used up are gathered into one batch, which an immediate delivers.
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

/** Datagrams per system call. Twice 128 KiB of payload slots stay in a second-level cache. */
const RING_SLOTS = 64;
/**
 * Full batches drained in one turn of the event loop. Each turn wakes through Node once, with a buffer and a sender's
 * description for its datagram: with 4 a full tracker paid 6 % more CPU a request than before, with 16 no difference was
 * shown (docs/adr/0006).
 */
const BATCHES_PER_TURN = 16;
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
  readonly #connected: boolean;
  readonly #onBatch: UdpSocketOptions['onBatch'];
  readonly #onError: UdpSocketOptions['onError'];
  readonly #receiveRing = new MessageRing(RING_SLOTS);
  readonly #sendRing = new MessageRing(RING_SLOTS);
  readonly #intake: DatagramIntake;
  readonly #batch: RingBatch;
  readonly #queue: SendQueue;
  readonly #retry = (): void => this.#onRetry();
  readonly #renewTurn = (): void => this.#onNextTurn();
  readonly #batchesPerTurn: number;
  #fullBatchesLeft: number;
  /** Datagrams in the receive ring that were not delivered yet. */
  #waiting = 0;
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
    this.#sendFd = sendFd;
    this.#wake = wake;
    this.#connected = options.remote !== undefined;
    this.#batchesPerTurn = options.batchesPerTurn ?? BATCHES_PER_TURN;
    this.#fullBatchesLeft = this.#batchesPerTurn;
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
    if (this.#delivering || this.#closed !== undefined || this.#fullBatchesLeft === 0) {
      return;
    }
    this.#waiting += this.#receive(this.#waiting);
    this.#deliverWaiting();
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
    this.#intake.put(this.#waiting, message, sender);
    this.#waiting++;
    while (this.#closed === undefined) {
      if (this.#fullBatchesLeft > 0) {
        this.#waiting += this.#receive(this.#waiting);
      } else if (this.#waiting < RING_SLOTS) {
        // The immediate delivers them, with what libuv hands in until then.
        return;
      }
      if (!this.#deliverWaiting()) {
        return;
      }
    }
  }

  #onNextTurn(): void {
    this.#fullBatchesLeft = this.#batchesPerTurn;
    if (this.#closed === undefined) {
      this.#deliverWaiting();
    }
  }

  /** Delivers what the ring holds. @returns whether the ring was full, so that more may wait in the kernel */
  #deliverWaiting(): boolean {
    const count = this.#waiting;
    this.#waiting = 0;
    const full = count === RING_SLOTS;
    if (full) {
      if (this.#fullBatchesLeft === this.#batchesPerTurn) {
        setImmediate(this.#renewTurn);
      }
      this.#fullBatchesLeft = Math.max(0, this.#fullBatchesLeft - 1);
    }
    this.#deliver(count);
    return full;
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
