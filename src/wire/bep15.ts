/**
 * The datagrams of the UDP tracker protocol, both ways. Pure: bytes in, values out. Nothing here throws on hostile
 * bytes; a decoder answers `undefined` for what it cannot read.
 *
 * All integers are big-endian. A longer datagram than needed is accepted, as BEP 15 asks.
 *
 * @see https://www.bittorrent.org/beps/bep_0015.html
 */

export const Action = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;
export type Action = (typeof Action)[keyof typeof Action];

export const AnnounceEvent = { none: 0, completed: 1, started: 2, stopped: 3 } as const;
export type AnnounceEvent = (typeof AnnounceEvent)[keyof typeof AnnounceEvent];

/** `0x41727101980`, the magic of a connect request, as its upper and lower 32 bits. */
export const PROTOCOL_ID_HIGH = 0x417;
export const PROTOCOL_ID_LOW = 0x27101980;

export const CONNECT_REQUEST_BYTES = 16;
export const CONNECT_RESPONSE_BYTES = 16;
export const ANNOUNCE_REQUEST_BYTES = 98;
/** Announce response without peers. */
export const ANNOUNCE_RESPONSE_HEAD_BYTES = 20;
export const SCRAPE_HEAD_REQUEST_BYTES = 16;
export const SCRAPE_HEAD_RESPONSE_BYTES = 8;
export const SCRAPE_ENTRY_BYTES = 12;
export const ERROR_HEAD_BYTES = 8;
export const INFO_HASH_BYTES = 20;
export const PEER_ID_BYTES = 20;
/** One peer in an announce response: address and port. */
export const PEER_BYTES_IPV4 = 6;
export const PEER_BYTES_IPV6 = 18;
/** BEP 15: "up to about 74 torrents can be scraped at once". */
export const MAX_SCRAPE_HASHES = 74;

/** Byte offsets in a request. The first four bytes of a request are the connection id's upper half. */
export const RequestOffset = {
  connectionId: 0,
  action: 8,
  transactionId: 12,
  infoHash: 16,
  peerId: 36,
  downloaded: 56,
  left: 64,
  uploaded: 72,
  event: 80,
  ip: 84,
  key: 88,
  numWant: 92,
  port: 96,
  options: 98,
} as const;

/** Byte offsets in a response. */
export const ResponseOffset = {
  action: 0,
  transactionId: 4,
  connectionId: 8,
  interval: 8,
  leechers: 12,
  seeders: 16,
  peers: 20,
  scrapeEntries: 8,
  errorText: 8,
} as const;

/** Reads a big-endian unsigned 32-bit integer. The caller has checked the bounds. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}

/**
 * Reads a big-endian signed 32-bit integer, for what is copied or compared as bits: V8 holds each of them without a box, of
 * which {@link readUint32} needs one for every number from 2^31 on wherever it is not inlined. The caller has checked the bounds.
 */
export function readInt32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) << 24) |
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number)
  );
}

/** Writes a big-endian unsigned 32-bit integer. The caller has checked the bounds. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Reads a big-endian unsigned 16-bit integer. The caller has checked the bounds. */
export function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** Writes a big-endian unsigned 16-bit integer. The caller has checked the bounds. */
export function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}
