/**
 * Slots for datagrams, laid out once so that recvmmsg(2) and sendmmsg(2) work on them in place: an array of `mmsghdr`,
 * then their `iovec`s, then socket addresses, then payloads. Offsets are those of 64-bit little-endian Linux.
 */
import { SOCKET_ADDRESS_STRIDE } from './socket-address.ts';
import { SLOT_BYTES } from './udp-socket.ts';

/**
 * Distance of two payloads in a ring: a cache line more than a slot. A distance of 2,048 bytes puts all payloads into the
 * same few sets of a first-level cache, where they push each other out.
 */
export const SLOT_STRIDE = SLOT_BYTES + 64;

const HEADER_BYTES = 64;
const IOVEC_BYTES = 16;

/** Offsets inside `mmsghdr`, in 32-bit words. */
const NAME_WORD = 0;
const NAME_LENGTH_WORD = 2;
const IOVEC_WORD = 4;
const IOVEC_COUNT_WORD = 6;
const RECEIVED_LENGTH_WORD = 14;
/** Offset of `iov_len` inside `iovec`, in 32-bit words. */
const IOVEC_LENGTH_WORD = 2;

const HEADER_WORDS = HEADER_BYTES / 4;
const IOVEC_WORDS = IOVEC_BYTES / 4;
const ADDRESS_WORDS = SOCKET_ADDRESS_STRIDE / 4;
const TWO_TO_32 = 2 ** 32;

/** A fixed number of datagram slots in one block of memory that V8 never moves. */
export class MessageRing {
  readonly slots: number;
  /** All of the memory; its address is what {@link linkPointers} wants. */
  readonly memory: Uint8Array;
  /** Payloads of up to {@link SLOT_BYTES}, every {@link SLOT_STRIDE} bytes. */
  readonly payloads: Uint8Array;
  /** Socket addresses, {@link SOCKET_ADDRESS_STRIDE} bytes each. */
  readonly addresses: Uint8Array;
  readonly #words: Uint32Array;
  readonly #iovecWord: number;
  readonly #addressWord: number;
  #base = 0;

  constructor(slots: number) {
    const iovecAt = slots * HEADER_BYTES;
    const addressesAt = iovecAt + slots * IOVEC_BYTES;
    const payloadsAt = addressesAt + slots * SOCKET_ADDRESS_STRIDE;
    const memory = new ArrayBuffer(payloadsAt + slots * SLOT_STRIDE);
    this.slots = slots;
    this.memory = new Uint8Array(memory);
    this.addresses = new Uint8Array(memory, addressesAt, slots * SOCKET_ADDRESS_STRIDE);
    this.payloads = new Uint8Array(memory, payloadsAt, slots * SLOT_STRIDE);
    this.#words = new Uint32Array(memory, 0, payloadsAt / 4);
    this.#iovecWord = iovecAt / 4;
    this.#addressWord = addressesAt / 4;
  }

  /**
   * Writes the pointers that the kernel follows.
   *
   * @param base - address of {@link memory}
   * @param nameLengthBytes - length of the socket addresses; 0 = none is read or written (a connected socket)
   */
  linkPointers(base: number, nameLengthBytes: number): void {
    this.#base = base;
    for (let slot = 0; slot < this.slots; slot++) {
      const header = slot * HEADER_WORDS;
      const iovec = this.#iovecWord + slot * IOVEC_WORDS;
      if (nameLengthBytes > 0) {
        this.#writePointer(
          header + NAME_WORD,
          base + this.addresses.byteOffset + slot * SOCKET_ADDRESS_STRIDE,
        );
        this.#words[header + NAME_LENGTH_WORD] = nameLengthBytes;
      }
      this.#writePointer(header + IOVEC_WORD, base + iovec * 4);
      this.#words[header + IOVEC_COUNT_WORD] = 1;
      this.#writePointer(iovec, base + this.payloads.byteOffset + slot * SLOT_STRIDE);
      this.#words[iovec + IOVEC_LENGTH_WORD] = SLOT_BYTES;
    }
  }

  /** Address of the `mmsghdr` of a slot. */
  headerAddress(slot: number): number {
    return this.#base + slot * HEADER_BYTES;
  }

  /** Length of the datagram that the last receive put into the slot; what is beyond {@link SLOT_BYTES} was cut off. */
  receivedLength(slot: number): number {
    return this.#words[slot * HEADER_WORDS + RECEIVED_LENGTH_WORD] as number;
  }

  setReceivedLength(slot: number, lengthBytes: number): void {
    this.#words[slot * HEADER_WORDS + RECEIVED_LENGTH_WORD] = lengthBytes;
  }

  setSendLength(slot: number, lengthBytes: number): void {
    this.#words[this.#iovecWord + slot * IOVEC_WORDS + IOVEC_LENGTH_WORD] = lengthBytes;
  }

  /** Copies the socket address of a slot of another ring. */
  copyAddressFrom(slot: number, from: MessageRing, fromSlot: number): void {
    const target = this.#addressWord + slot * ADDRESS_WORDS;
    const source = from.#addressWord + fromSlot * ADDRESS_WORDS;
    for (let word = 0; word < ADDRESS_WORDS; word++) {
      this.#words[target + word] = from.#words[source + word] as number;
    }
  }

  #writePointer(word: number, address: number): void {
    this.#words[word] = address % TWO_TO_32;
    this.#words[word + 1] = Math.floor(address / TWO_TO_32);
  }
}
