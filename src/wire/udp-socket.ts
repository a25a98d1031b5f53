/**
 * What the tracker and the load generator see of a UDP socket: datagrams come in batches, replies go out in batches.
 * Two kinds stand behind it: `dgram` everywhere, `batched` (recvmmsg and sendmmsg) on Linux where koffi loads.
 */
import type { Bytes } from '../units.ts';

export type SocketKind = 'dgram' | 'batched';

/** The address family of a socket's datagrams. On a dual-stack socket IPv4 senders count as `4`. */
export type AddressFamily = 4 | 6;

/** Room for one datagram, either way. Announce replies stay below the 1,472 bytes of an IPv4 payload. */
export const SLOT_BYTES = 2048;

/**
 * The datagrams of one batch, in rings that live as long as the socket. Read them inside the callback only: the next
 * batch overwrites them.
 *
 * For datagram `i` the payload is `bytes[offset(i) .. offset(i) + length(i)]`.
 */
export interface ReceivedBatch {
  readonly count: number;
  readonly bytes: Uint8Array;
  offset(index: number): number;
  /** Payload length in bytes; longer datagrams than {@link SLOT_BYTES} arrive cut and count as that long. */
  length(index: number): number;
  family(index: number): AddressFamily;
  /** Writes the sender's address into `target` at `at`: 4 bytes for IPv4 (also if mapped), 16 for IPv6. */
  copyAddress(index: number, target: Uint8Array, at: number): void;
  port(index: number): number;
}

export interface SocketCounters {
  receivedDatagrams: number;
  sentDatagrams: number;
  /** Datagrams that the kernel refused (for example ENOBUFS) after the retry. */
  sendErrors: number;
  /** Datagrams dropped in the receive queue as the kernel reports them (SO_RXQ_OVFL); 0 on dgram, see `dropsKnown`. */
  receiveDrops: number;
}

export interface UdpSocket {
  readonly kind: SocketKind;
  readonly localAddress: string;
  readonly localPort: number;
  /** SO_RCVBUF asked for, and what getsockopt says was given (the kernel's doubling included). */
  readonly receiveBuffer: { readonly askedBytes: Bytes; readonly givenBytes: Bytes };
  readonly counters: Readonly<SocketCounters>;
  /** Whether `counters.receiveDrops` is the kernel's figure. */
  readonly dropsKnown: boolean;
  /** The bytes into which the next outgoing datagram is written: at most {@link SLOT_BYTES} from `slotOffset`. */
  readonly sendBytes: Uint8Array;
  /**
   * Takes the next free slot of the send ring; the ring is flushed where it is full.
   *
   * @returns the offset of the slot in {@link sendBytes}
   */
  slot(): number;
  /** Queues the slot as the answer to datagram `index` of the batch that is being handled. */
  reply(slotOffset: number, length: number, batch: ReceivedBatch, index: number): void;
  /** Queues the slot to the address given by {@link connect}. Returns false where the kernel refused it. */
  send(slotOffset: number, length: number): void;
  /** Hands all queued datagrams to the kernel. Called by the socket itself after each batch's callback. */
  flush(): void;
  close(): Promise<void>;
}

export interface UdpSocketOptions {
  /** `auto`: batched where it can be had, else dgram. `batched` throws a LabError where it cannot. */
  readonly kind: SocketKind | 'auto';
  /** Address to bind; `::` is dual stack. */
  readonly host: string;
  /** 0 = the kernel chooses. */
  readonly port: number;
  readonly receiveBufferBytes: Bytes;
  readonly sendBufferBytes?: Bytes;
  /** Peer for {@link UdpSocket.send}; the kernel then hands in that peer's datagrams only. */
  readonly remote?: { readonly host: string; readonly port: number };
  readonly onBatch: (batch: ReceivedBatch, socket: UdpSocket) => void;
  /** A datagram that the kernel refused, or an ICMP error of a connected socket (`ECONNREFUSED`). */
  readonly onError?: (error: NodeJS.ErrnoException) => void;
}
