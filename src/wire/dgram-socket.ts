/** The dgram kind of UdpSocket: Node's own module, one datagram a batch, on every platform. */
import type { RemoteInfo, Socket } from 'node:dgram';
import { DatagramIntake } from './datagram-intake.ts';
import { mayBeIcmpNews } from './icmp-errno.ts';
import { createCounters, type LiveCounters } from './live-counters.ts';
import { MessageRing } from './message-ring.ts';
import { RingBatch } from './ring-batch.ts';
import { addressText, readPort, SOCKET_ADDRESS_STRIDE } from './socket-address.ts';
import {
  type AddressFamily,
  type ReceivedBatch,
  SLOT_BYTES,
  type UdpSocket,
  type UdpSocketOptions,
} from './udp-socket.ts';

/** On close, datagrams that the kernel has had no room for are given up after this time. */
const CLOSE_FLUSH_MS = 100;

/**
 * Tries for a datagram that ICMP news stopped. The outcome of a send is known only after the others of its burst have
 * been sent, so news of those may stop the second try too; each round of tries halves what is left of the burst.
 */
const MAX_TRIES = 8;

export interface DgramSocketParts {
  /** Bound; connected where `options.remote` is given. */
  readonly socket: Socket;
  readonly family: AddressFamily;
  readonly receiveBuffer: UdpSocket['receiveBuffer'];
  readonly options: UdpSocketOptions;
}

export class DgramSocket implements UdpSocket {
  readonly kind = 'dgram';
  readonly descriptor = null;
  readonly localAddress: string;
  readonly localPort: number;
  readonly receiveBuffer: UdpSocket['receiveBuffer'];
  readonly counters: LiveCounters = createCounters(() => 0);
  readonly dropsKnown = false;
  readonly sendBytes = new Uint8Array(SLOT_BYTES);

  /** The same memory as {@link sendBytes}. */
  readonly #outgoing = Buffer.from(this.sendBytes.buffer);
  readonly #socket: Socket;
  readonly #connected: boolean;
  readonly #onBatch: UdpSocketOptions['onBatch'];
  readonly #onError: UdpSocketOptions['onError'];
  readonly #ring = new MessageRing(1);
  readonly #intake: DatagramIntake;
  readonly #batch: RingBatch;
  #senderAddress = '';
  #senderPort = 0;
  /** Datagrams given to dgram whose outcome is not known yet. */
  #underWay = 0;
  #onIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor({ socket, family, receiveBuffer, options }: DgramSocketParts) {
    const { address, port } = socket.address();
    this.localAddress = address;
    this.localPort = port;
    this.receiveBuffer = receiveBuffer;
    this.#socket = socket;
    this.#connected = options.remote !== undefined;
    this.#onBatch = options.onBatch;
    this.#onError = options.onError;
    this.#intake = new DatagramIntake(this.#ring, family);
    this.#batch = new RingBatch(this.#ring);
    this.#batch.count = 1;
    const onDatagram = (message: Buffer, sender: RemoteInfo): void => this.#onMessage(message, sender);
    const onReceiveError = (error: Error): void => this.#onError?.(error);
    socket.on('message', onDatagram);
    socket.on('error', onReceiveError);
  }

  slot(): number {
    return 0;
  }

  reply(slotOffset: number, length: number, _batch: ReceivedBatch, index: number): void {
    if (index !== 0) {
      throw new RangeError(`datagram ${index} of a batch of 1`);
    }
    this.#enqueue(slotOffset, length, this.#senderPort, this.#senderAddress);
  }

  copySender(_index: number, target: Uint8Array): void {
    target.set(this.#ring.addresses.subarray(0, SOCKET_ADDRESS_STRIDE));
  }

  replyTo(sender: Uint8Array, slotOffset: number, length: number): void {
    this.#enqueue(slotOffset, length, readPort(sender, 0), addressText(sender, 0));
  }

  send(slotOffset: number, length: number): void {
    if (!this.#connected) {
      throw new Error('send() on a socket that was opened without a remote');
    }
    this.#enqueue(slotOffset, length, 0, '');
  }

  /** Every datagram was given to dgram when it was queued. */
  flush(): void {}

  /** Node's module hands in what came when the event loop has its turn. */
  poll(): void {}

  close(): Promise<void> {
    this.#closed ??= this.#closeOnce();
    return this.#closed;
  }

  async #closeOnce(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_FLUSH_MS);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #onMessage(message: Buffer, sender: RemoteInfo): void {
    if (this.#closed !== undefined) {
      return;
    }
    this.#intake.put(0, message, sender);
    this.#senderAddress = sender.address;
    this.#senderPort = sender.port;
    this.counters.receivedDatagrams++;
    this.#onBatch(this.#batch, this);
  }

  #enqueue(slotOffset: number, length: number, port: number, address: string): void {
    if (slotOffset !== 0 || !(length >= 0 && length <= SLOT_BYTES)) {
      throw new RangeError(
        `slot ${slotOffset} with ${length} bytes: expected the offset that slot() gave last, and at most ${SLOT_BYTES} bytes`,
      );
    }
    if (this.#closed !== undefined) {
      this.counters.sendErrors++;
      return;
    }
    this.#underWay++;
    // A copy, because libuv keeps a datagram that the kernel has no room for and sends it later.
    const packet = Buffer.allocUnsafe(length);
    this.#outgoing.copy(packet, 0, 0, length);
    this.#transmit(packet, port, address, MAX_TRIES);
  }

  #transmit(packet: Buffer, port: number, address: string, triesLeft: number): void {
    const onSent = (error: NodeJS.ErrnoException | null): void => {
      if (error === null) {
        this.counters.sentDatagrams++;
      } else {
        this.#onError?.(error);
        if (triesLeft > 1 && mayBeIcmpNews(-(error.errno ?? 0))) {
          this.#transmit(packet, port, address, triesLeft - 1);
          return;
        }
        this.counters.sendErrors++;
      }
      this.#underWay--;
      if (this.#underWay === 0) {
        this.#onIdle?.();
      }
    };
    if (this.#connected) {
      this.#socket.send(packet, onSent);
    } else {
      this.#socket.send(packet, port, address, onSent);
    }
  }
}
