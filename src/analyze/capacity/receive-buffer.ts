import type { Bytes } from '../../units.ts';

/**
 * What the kernel charges a receive buffer for one request, its own bookkeeping included. Source: measured on Linux 6.18, datagrams of
 * 16 to 98 bytes over loopback: /proc/net/udp told 832 bytes for each in a socket that nobody read.
 */
const DATAGRAM_CHARGE_BYTES: Bytes = 832;

/**
 * Requests that a receive buffer holds, 1 or more.
 *
 * @param givenBytes - SO_RCVBUF as getsockopt tells it, the kernel's doubling included
 */
export function datagramsIn(givenBytes: Bytes): number {
  return Math.max(1, Math.floor(givenBytes / DATAGRAM_CHARGE_BYTES));
}
