import type { RemoteInfo } from 'node:dgram';
import { type MessageRing, SLOT_STRIDE } from './message-ring.ts';
import { scopeIdOf } from './scope-id.ts';
import { SOCKET_ADDRESS_STRIDE, writePort, writeSocketAddress } from './socket-address.ts';
import { type AddressFamily, SLOT_BYTES } from './udp-socket.ts';

/** Copies datagrams that Node's dgram handed in into a ring. */
export class DatagramIntake {
  readonly #ring: MessageRing;
  readonly #socketFamily: AddressFamily;
  /** What {@link #parsed} holds: senders repeat, and parsing text is most of the cost. */
  #parsedAddress = '';
  readonly #parsed = new Uint8Array(SOCKET_ADDRESS_STRIDE);

  constructor(ring: MessageRing, socketFamily: AddressFamily) {
    this.#ring = ring;
    this.#socketFamily = socketFamily;
  }

  /** Fills a slot: payload (cut at {@link SLOT_BYTES}), whole length and sender. */
  put(slot: number, message: Uint8Array, sender: RemoteInfo): void {
    if (sender.address !== this.#parsedAddress) {
      writeSocketAddress(this.#parsed, 0, {
        socketFamily: this.#socketFamily,
        address: sender.address,
        port: sender.port,
        scopeId: scopeIdOf(sender.address),
      });
      this.#parsedAddress = sender.address;
    }
    writePort(this.#parsed, 0, sender.port);
    this.#ring.addresses.set(this.#parsed, slot * SOCKET_ADDRESS_STRIDE);
    const cut = message.length > SLOT_BYTES;
    this.#ring.payloads.set(cut ? message.subarray(0, SLOT_BYTES) : message, slot * SLOT_STRIDE);
    this.#ring.setReceivedLength(slot, message.length);
  }
}
