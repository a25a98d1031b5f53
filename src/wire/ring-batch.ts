import { type MessageRing, SLOT_STRIDE } from './message-ring.ts';
import { copyIpAddress, readFamily, readPort, SOCKET_ADDRESS_STRIDE } from './socket-address.ts';
import { type AddressFamily, type ReceivedBatch, SLOT_BYTES } from './udp-socket.ts';

/** The first `count` slots of a receive ring, as the users of a socket see them. One object serves all batches. */
export class RingBatch implements ReceivedBatch {
  count = 0;
  readonly bytes: Uint8Array;
  readonly #ring: MessageRing;

  constructor(ring: MessageRing) {
    this.#ring = ring;
    this.bytes = ring.payloads;
  }

  offset(index: number): number {
    return index * SLOT_STRIDE;
  }

  length(index: number): number {
    return Math.min(this.#ring.receivedLength(index), SLOT_BYTES);
  }

  sentLength(index: number): number {
    return this.#ring.receivedLength(index);
  }

  family(index: number): AddressFamily {
    return readFamily(this.#ring.addresses, index * SOCKET_ADDRESS_STRIDE);
  }

  copyAddress(index: number, target: Uint8Array, at: number): void {
    copyIpAddress(this.#ring.addresses, index * SOCKET_ADDRESS_STRIDE, target, at);
  }

  port(index: number): number {
    return readPort(this.#ring.addresses, index * SOCKET_ADDRESS_STRIDE);
  }
}
