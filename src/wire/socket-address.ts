/**
 * Socket addresses as the Linux kernel lays them out (`sockaddr_in`, `sockaddr_in6`), read and written in place. Pure.
 * The family is written by its low byte first, so kernel structures agree on little-endian machines only; where no
 * kernel reads them (the dgram kind) every machine will do.
 */
import type { AddressFamily } from './udp-socket.ts';

/** Room for one socket address in a ring: `sockaddr_in6` is 28 bytes, rounded up to 8. */
export const SOCKET_ADDRESS_STRIDE = 32;
/** `sizeof (struct sockaddr_in)`. */
export const SOCKET_ADDRESS_BYTES_IPV4 = 16;
/** `sizeof (struct sockaddr_in6)`. */
export const SOCKET_ADDRESS_BYTES_IPV6 = 28;

/** Linux `<sys/socket.h>`. */
export const AF_INET = 2;
/** Linux `<sys/socket.h>`. */
export const AF_INET6 = 10;

const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
const SCOPE_ID_AT = 24;
/** Where the IPv4 address stands inside a mapped IPv6 address. */
const MAPPED_AT = IPV6_AT + 12;

const DOT = 0x2e;
const COLON = 0x3a;
const PERCENT = 0x25;

/** What {@link writeSocketAddress} writes. */
export interface SocketAddress {
  /** Family of the socket, not of the address: on an IPv6 socket an IPv4 address is written mapped. */
  readonly socketFamily: AddressFamily;
  /** A valid IP address; `%zone` is skipped, its index is {@link scopeId}. */
  readonly address: string;
  readonly port: number;
  /** Index of the interface of a link-local address, else 0. */
  readonly scopeId: number;
}

/**
 * Writes a socket address at `at`.
 *
 * @returns its length in bytes, as bind(2) and `msg_namelen` want it
 */
export function writeSocketAddress(target: Uint8Array, at: number, socketAddress: SocketAddress): number {
  const { socketFamily, address, port, scopeId } = socketAddress;
  target.fill(0, at, at + SOCKET_ADDRESS_STRIDE);
  writePort(target, at, port);
  if (socketFamily === 4) {
    target[at] = AF_INET;
    writeIpv4(target, at + IPV4_AT, address, 0);
    return SOCKET_ADDRESS_BYTES_IPV4;
  }
  target[at] = AF_INET6;
  if (address.includes(':')) {
    writeIpv6(target, at + IPV6_AT, address);
  } else {
    target[at + MAPPED_AT - 2] = 0xff;
    target[at + MAPPED_AT - 1] = 0xff;
    writeIpv4(target, at + MAPPED_AT, address, 0);
  }
  for (let byte = 0; byte < 4; byte++) {
    target[at + SCOPE_ID_AT + byte] = scopeId >>> (8 * byte);
  }
  return SOCKET_ADDRESS_BYTES_IPV6;
}

/** Changes the port of the socket address at `at`. */
export function writePort(target: Uint8Array, at: number, port: number): void {
  target[at + PORT_AT] = port >>> 8;
  target[at + PORT_AT + 1] = port;
}

/** The port of the socket address at `at`. */
export function readPort(bytes: Uint8Array, at: number): number {
  return ((bytes[at + PORT_AT] as number) << 8) | (bytes[at + PORT_AT + 1] as number);
}

/**
 * The IP address of the socket address at `at` as a socket of its family takes it: a mapped one stays an IPv6 address,
 * and a link-local one has the index of its interface as zone.
 */
export function addressText(bytes: Uint8Array, at: number): string {
  if (bytes[at] === AF_INET) {
    return bytes.subarray(at + IPV4_AT, at + IPV4_AT + 4).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, group) => {
    const from = at + IPV6_AT + 2 * group;
    return (((bytes[from] as number) << 8) | (bytes[from + 1] as number)).toString(16);
  });
  let scopeId = 0;
  for (let byte = 3; byte >= 0; byte--) {
    scopeId = scopeId * 256 + (bytes[at + SCOPE_ID_AT + byte] as number);
  }
  return groups.join(':') + (scopeId === 0 ? '' : `%${scopeId}`);
}

/** The family of the socket address at `at`; IPv4 also where it is mapped (`::ffff:a.b.c.d`). */
export function readFamily(bytes: Uint8Array, at: number): AddressFamily {
  return bytes[at] === AF_INET || isMapped(bytes, at) ? 4 : 6;
}

/** Copies the IP address of the socket address at `at`: 4 bytes for IPv4 (also if mapped), 16 for IPv6. */
export function copyIpAddress(bytes: Uint8Array, at: number, target: Uint8Array, targetAt: number): void {
  let from = at + IPV4_AT;
  let length = 4;
  if (bytes[at] !== AF_INET) {
    const mapped = isMapped(bytes, at);
    from = at + (mapped ? MAPPED_AT : IPV6_AT);
    length = mapped ? 4 : 16;
  }
  for (let byte = 0; byte < length; byte++) {
    target[targetAt + byte] = bytes[from + byte] as number;
  }
}

function isMapped(bytes: Uint8Array, at: number): boolean {
  for (let byte = IPV6_AT; byte < MAPPED_AT - 2; byte++) {
    if (bytes[at + byte] !== 0) {
      return false;
    }
  }
  return bytes[at + MAPPED_AT - 2] === 0xff && bytes[at + MAPPED_AT - 1] === 0xff;
}

function writeIpv4(target: Uint8Array, at: number, text: string, from: number): void {
  let byte = 0;
  let value = 0;
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      target[at + byte] = value;
      byte++;
      value = 0;
    } else {
      value = value * 10 + code - 0x30;
    }
  }
  target[at + byte] = value;
}

/** The 16 bytes at `at` are zero before the call. */
function writeIpv6(target: Uint8Array, at: number, text: string): void {
  let byte = 0;
  let gapAt = -1;
  let value = 0;
  let groupFrom = 0;
  let index = 0;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === PERCENT) {
      break;
    }
    if (code === DOT) {
      writeIpv4(target, at + byte, text, groupFrom);
      byte += 4;
      groupFrom = index = text.length;
      break;
    }
    if (code !== COLON) {
      value = (value << 4) | hexDigit(code);
      continue;
    }
    if (index > groupFrom) {
      byte = writeGroup(target, at, byte, value);
    } else if (index > 0) {
      gapAt = byte;
    }
    value = 0;
    groupFrom = index + 1;
  }
  if (index > groupFrom) {
    byte = writeGroup(target, at, byte, value);
  }
  if (gapAt >= 0) {
    target.copyWithin(at + 16 - (byte - gapAt), at + gapAt, at + byte);
    target.fill(0, at + gapAt, at + 16 - (byte - gapAt));
  }
}

function writeGroup(target: Uint8Array, at: number, byte: number, value: number): number {
  target[at + byte] = value >>> 8;
  target[at + byte + 1] = value;
  return byte + 2;
}

function hexDigit(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}
