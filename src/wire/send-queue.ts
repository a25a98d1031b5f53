/**
 * Datagrams on their way to sendmmsg(2): a ring that is handed over as far as the kernel takes it. Nothing leaves the
 * ring uncounted: a datagram was sent, or it is a send error.
 */
import { constants } from 'node:os';
import { mayBeIcmpNews } from './icmp-errno.ts';
import type { LiveCounters } from './live-counters.ts';
import type { MessageRing } from './message-ring.ts';

const { EAGAIN, EINTR, ENOBUFS, ENOMEM, EWOULDBLOCK } = constants.errno;

/** No room now, perhaps later. */
const NO_ROOM: readonly number[] = [EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM];

export interface SendQueueOptions {
  readonly ring: MessageRing;
  readonly counters: LiveCounters;
  /** sendmmsg(2) without waiting: how many were taken, or the negative errno. */
  readonly transmit: (headerAddress: number, count: number) => number;
  /** Called with a positive errno. */
  readonly onError: (errno: number) => void;
}

export class SendQueue {
  readonly #ring: MessageRing;
  readonly #counters: LiveCounters;
  readonly #transmit: (headerAddress: number, count: number) => number;
  readonly #onError: (errno: number) => void;
  #head = 0;
  #count = 0;
  /** Whether the datagram at the head was tried again after news of an earlier one. */
  #triedAgain = false;
  #lastErrno = 0;

  constructor(options: SendQueueOptions) {
    this.#ring = options.ring;
    this.#counters = options.counters;
    this.#transmit = options.transmit;
    this.#onError = options.onError;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === this.#ring.slots;
  }

  /** Where the next datagram is written. Only valid while the queue is not full. */
  get nextSlot(): number {
    const slot = this.#head + this.#count;
    return slot < this.#ring.slots ? slot : slot - this.#ring.slots;
  }

  /** Queues {@link nextSlot}. */
  push(lengthBytes: number): void {
    this.#ring.setSendLength(this.nextSlot, lengthBytes);
    this.#count++;
  }

  /**
   * Hands over what is queued.
   *
   * @returns false where the kernel has no room for the rest
   */
  flush(): boolean {
    while (this.#count > 0) {
      const untilEnd = this.#ring.slots - this.#head;
      const span = Math.min(this.#count, untilEnd);
      const taken = this.#transmit(this.#ring.headerAddress(this.#head), span);
      if (taken > 0) {
        this.#counters.sentDatagrams += taken;
        this.#advance(taken);
      } else if (!this.#recover(-taken)) {
        return false;
      }
    }
    return true;
  }

  /** Gives the oldest datagram up as a send error. Only valid while the queue is not empty. */
  refuseOldest(): void {
    this.#counters.sendErrors++;
    this.#advance(1);
    this.#onError(this.#lastErrno);
  }

  /** @returns false where sending has to wait */
  #recover(errno: number): boolean {
    this.#lastErrno = errno;
    if (errno === EINTR) {
      return true;
    }
    if (NO_ROOM.includes(errno)) {
      return false;
    }
    if (mayBeIcmpNews(errno) && !this.#triedAgain) {
      this.#triedAgain = true;
      this.#onError(errno);
      return true;
    }
    this.refuseOldest();
    return true;
  }

  #advance(count: number): void {
    this.#count -= count;
    this.#head += count;
    if (this.#head === this.#ring.slots || this.#count === 0) {
      this.#head = 0;
    }
    this.#triedAgain = false;
  }
}
