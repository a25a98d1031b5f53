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
  /** The same array for the life of the socket. */
  readonly bytes: Uint8Array;
  offset(index: number): number;
  /** Payload length in bytes; of a datagram longer than {@link SLOT_BYTES} the first `SLOT_BYTES` bytes are kept. */
  length(index: number): number;
  /** Payload length in bytes as it was sent: more than {@link length} where the datagram was cut. */
  sentLength(index: number): number;
  family(index: number): AddressFamily;
  /** Writes the sender's address into `target` at `at`: 4 bytes for IPv4 (also if mapped), 16 for IPv6. */
  copyAddress(index: number, target: Uint8Array, at: number): void;
  port(index: number): number;
}

/** Counts since the socket was opened; they stay readable after {@link UdpSocket.close}. */
export interface SocketCounters {
  readonly receivedDatagrams: number;
  /** Datagrams that the kernel took. */
  readonly sentDatagrams: number;
  /** Datagrams that the kernel did not take, after the retries, and datagrams queued after close. */
  readonly sendErrors: number;
  /**
   * Datagrams that the kernel dropped because the receive buffer was full, as it counts them for this socket. A system
   * call on each read, so meant for samplers. 0 where {@link UdpSocket.dropsKnown} is false.
   */
  readonly receiveDrops: number;
}

export interface UdpSocket {
  readonly kind: SocketKind;
  /** What the system calls it, for whoever waits for several sockets; null on dgram, which keeps it to itself. */
  readonly descriptor: number | null;
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * Bytes of receive buffer asked for, and what getsockopt says was given (on Linux twice the asked size, for the
   * kernel's own bookkeeping counts; less where `net.core.rmem_max` is lower and the process is not privileged).
   */
  readonly receiveBuffer: { readonly askedBytes: Bytes; readonly givenBytes: Bytes };
  readonly counters: SocketCounters;
  /** Whether `counters.receiveDrops` is the kernel's figure. Never so on dgram. */
  readonly dropsKnown: boolean;
  /**
   * The bytes into which the next outgoing datagram is written: at most {@link SLOT_BYTES} from the offset that
   * {@link slot} gave. The same array for the life of the socket.
   */
  readonly sendBytes: Uint8Array;
  /**
   * The next free slot of the send ring; the ring is flushed first where it is full. The slot is used up only by
   * {@link reply} or {@link send}: a second call without one of them between gives the same slot again, so a slot may
   * be written and then left unsent.
   *
   * @returns the offset of the slot in {@link sendBytes}
   */
  slot(): number;
  /**
   * Queues the slot as the answer to datagram `index` of the batch that is being handled.
   *
   * @param slotOffset - what the last {@link slot} returned
   * @param length - payload bytes, 0 to {@link SLOT_BYTES}
   */
  reply(slotOffset: number, length: number, batch: ReceivedBatch, index: number): void;
  /**
   * Keeps where datagram `index` of the batch that is being handled came from, for an answer after the callback.
   *
   * @param target - gets `SOCKET_ADDRESS_STRIDE` bytes, which only {@link replyTo} of the same socket understands
   */
  copySender(index: number, target: Uint8Array): void;
  /** Queues the slot to a sender that {@link copySender} kept; as {@link reply}, but at any time. */
  replyTo(sender: Uint8Array, slotOffset: number, length: number): void;
  /**
   * Queues the slot to {@link UdpSocketOptions.remote}. What the kernel refuses later is told by
   * `counters.sendErrors` and `onError`.
   *
   * @param slotOffset - what the last {@link slot} returned
   * @param length - payload bytes, 0 to {@link SLOT_BYTES}
   * @throws Error on a socket without `remote` (a bug of the caller)
   */
  send(slotOffset: number, length: number): void;
  /**
   * Hands all queued datagrams to the kernel. The socket does so itself after each batch's callback; whoever queues at
   * another time (a timer) calls it. Datagrams for which the kernel has no room yet are kept and retried.
   */
  flush(): void;
  /**
   * Hands in one batch of what the kernel holds now, if there is any, without waiting for the event loop: whoever has
   * several sockets gives each its turn while one of them is busy. Does nothing inside the socket's own callback, nor on
   * dgram, which has no way to ask.
   */
  poll(): void;
  /** Flushes, then frees the port and the descriptor. No batch is handed in afterwards. May be called twice. */
  close(): Promise<void>;
}

export interface UdpSocketOptions {
  /** `auto`: batched where it can be had, else dgram. `batched` throws a LabError where it cannot. */
  readonly kind: SocketKind | 'auto';
  /** Address to bind, an IP address or a name; `::` is dual stack. */
  readonly host: string;
  /** 0 = the kernel chooses. */
  readonly port: number;
  readonly receiveBufferBytes: Bytes;
  /** Absent: the kernel's default. */
  readonly sendBufferBytes?: Bytes;
  /** Peer for {@link UdpSocket.send}; the kernel then hands in that peer's datagrams only. */
  readonly remote?: { readonly host: string; readonly port: number };
  readonly onBatch: (batch: ReceivedBatch, socket: UdpSocket) => void;
  /**
   * A datagram that the kernel refused, or an ICMP error of a connected socket (`ECONNREFUSED`). The socket stays
   * usable.
   */
  readonly onError?: (error: NodeJS.ErrnoException) => void;
}
