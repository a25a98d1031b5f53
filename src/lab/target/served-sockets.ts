/**
 * The UDP sockets of this machine that a datagram to an address can reach, as the kernel's tables show them to everybody,
 * whoever owns them: what a tracker without a known process lost before it could read it.
 */
import { parseUdpSockets, type UdpSocketRow } from './proc-text.ts';
import { readProc } from './read-proc.ts';

export interface SocketCounters {
  /** Datagrams dropped so far. */
  readonly socketDrops: number;
  /** Bytes that wait to be read. */
  readonly socketQueueBytes: number;
}

const ANY_IPV4 = '00000000';
const ANY_IPV6 = '0'.repeat(32);
const LOOPBACK_IPV6 = `${'0'.repeat(24)}01000000`;
const MAPPED_PREFIX = `${'0'.repeat(16)}FFFF0000`;

/**
 * The sockets that serve a loopback address, all of them where several share the port (SO_REUSEPORT). As in the kernel's own
 * look-up, one that is bound to the address itself wins over one that is bound to all, and IPv4 over IPv6. Pure.
 *
 * @param tables - the texts of `/proc/net/udp` and `/proc/net/udp6`
 * @param address - within 127.0.0.0/8, the same mapped into IPv6, or ::1
 */
export function socketsServing(
  tables: { readonly udp: string; readonly udp6: string },
  address: string,
  port: number,
): UdpSocketRow[] {
  const ipv4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(address);
  const own = ipv4 === null ? null : kernelHex(ipv4.slice(1).map(Number));
  const rows = {
    udp: parseUdpSockets(tables.udp).filter((row) => row.port === port),
    udp6: parseUdpSockets(tables.udp6).filter((row) => row.port === port),
  };
  const at = (table: 'udp' | 'udp6', wanted: string): UdpSocketRow[] =>
    rows[table].filter((row) => row.address === wanted);
  const choices =
    own === null
      ? [at('udp6', LOOPBACK_IPV6), at('udp6', ANY_IPV6)]
      : [at('udp', own), at('udp6', MAPPED_PREFIX + own), at('udp', ANY_IPV4), at('udp6', ANY_IPV6)];
  return choices.find((found) => found.length > 0) ?? [];
}

/** Null where there is none, and where the system has no such tables. */
export function readServedSockets(address: string, port: number): SocketCounters | null {
  const tables = { udp: readProc('/proc/net/udp'), udp6: readProc('/proc/net/udp6') };
  const sockets = socketsServing(tables, address, port);
  if (sockets.length === 0) return null;
  return {
    socketDrops: sockets.reduce((sum, { drops }) => sum + drops, 0),
    socketQueueBytes: sockets.reduce((sum, { queueBytes }) => sum + queueBytes, 0),
  };
}

/** An address as the kernel prints it on a little-endian machine. */
function kernelHex(bytes: readonly number[]): string {
  return [...bytes]
    .reverse()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('');
}
