/**
 * The client's side of BEP 15: writes requests into a slot of a send ring, reads and checks what came back. Pure; no
 * object is made per request. Nothing here throws on hostile bytes.
 */
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  ANNOUNCE_RESPONSE_HEAD_BYTES,
  type AnnounceEvent,
  CONNECT_REQUEST_BYTES,
  CONNECT_RESPONSE_BYTES,
  ERROR_HEAD_BYTES,
  INFO_HASH_BYTES,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  ResponseOffset,
  readUint32,
  SCRAPE_ENTRY_BYTES,
  SCRAPE_HEAD_REQUEST_BYTES,
  SCRAPE_HEAD_RESPONSE_BYTES,
  writeUint16,
  writeUint32,
} from '../../wire/bep15.ts';

/** Error texts are cut to this many characters, as `errorTexts` of a run has it. */
const MOST_ERROR_TEXT_CHARACTERS = 120;
/** A character of UTF-8 has at most 4 bytes. */
const MOST_ERROR_TEXT_BYTES = 4 * MOST_ERROR_TEXT_CHARACTERS;

/** The fields of an announce. The caller keeps one and changes it in place. */
export interface AnnounceFields {
  idHigh: number;
  idLow: number;
  transactionId: number;
  /** The hash stands at `hashAt` of `hashes`. */
  hashes: Uint8Array;
  hashAt: number;
  /** The peer id stands at `peerIdAt` of `peerIds`. */
  peerIds: Uint8Array;
  peerIdAt: number;
  downloadedBytes: number;
  leftBytes: number;
  uploadedBytes: number;
  event: AnnounceEvent;
  key: number;
  /** -1 = the tracker's default. */
  numWant: number;
  port: number;
}

function writeUint64(bytes: Uint8Array, at: number, value: number): void {
  writeUint32(bytes, at, Math.floor(value / 2 ** 32));
  writeUint32(bytes, at + 4, value % 2 ** 32);
}

/** Info hashes and peer ids both have 20 bytes; a loop beats `set` with a fresh subarray at this length. */
function copyTwenty(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number): void {
  for (let index = 0; index < INFO_HASH_BYTES; index++) to[toAt + index] = from[fromAt + index] as number;
}

/** Writes a connect request at `at`. Returns its length in bytes. */
export function writeConnect(bytes: Uint8Array, at: number, transactionId: number): number {
  writeUint32(bytes, at, PROTOCOL_ID_HIGH);
  writeUint32(bytes, at + 4, PROTOCOL_ID_LOW);
  writeUint32(bytes, at + RequestOffset.action, Action.connect);
  writeUint32(bytes, at + RequestOffset.transactionId, transactionId);
  return CONNECT_REQUEST_BYTES;
}

/** Writes an announce request at `at`; its `ip` field is 0, "use the sender's address". Returns its length in bytes. */
export function writeAnnounce(bytes: Uint8Array, at: number, fields: AnnounceFields): number {
  writeUint32(bytes, at, fields.idHigh);
  writeUint32(bytes, at + 4, fields.idLow);
  writeUint32(bytes, at + RequestOffset.action, Action.announce);
  writeUint32(bytes, at + RequestOffset.transactionId, fields.transactionId);
  copyTwenty(fields.hashes, fields.hashAt, bytes, at + RequestOffset.infoHash);
  copyTwenty(fields.peerIds, fields.peerIdAt, bytes, at + RequestOffset.peerId);
  writeUint64(bytes, at + RequestOffset.downloaded, fields.downloadedBytes);
  writeUint64(bytes, at + RequestOffset.left, fields.leftBytes);
  writeUint64(bytes, at + RequestOffset.uploaded, fields.uploadedBytes);
  writeUint32(bytes, at + RequestOffset.event, fields.event);
  writeUint32(bytes, at + RequestOffset.ip, 0);
  writeUint32(bytes, at + RequestOffset.key, fields.key);
  writeUint32(bytes, at + RequestOffset.numWant, fields.numWant);
  writeUint16(bytes, at + RequestOffset.port, fields.port);
  return ANNOUNCE_REQUEST_BYTES;
}

/**
 * Writes a scrape request for the `count` hashes whose pool indexes stand at `firstIndex` of `indexes`.
 *
 * @param pool - info hashes, 20 bytes each
 * @returns its length in bytes
 */
export function writeScrape(
  bytes: Uint8Array,
  at: number,
  fields: Pick<AnnounceFields, 'idHigh' | 'idLow' | 'transactionId'>,
  pool: Uint8Array,
  indexes: Uint32Array,
  firstIndex: number,
  count: number,
): number {
  writeUint32(bytes, at, fields.idHigh);
  writeUint32(bytes, at + 4, fields.idLow);
  writeUint32(bytes, at + RequestOffset.action, Action.scrape);
  writeUint32(bytes, at + RequestOffset.transactionId, fields.transactionId);
  let end = at + SCRAPE_HEAD_REQUEST_BYTES;
  for (let entry = 0; entry < count; entry++) {
    copyTwenty(pool, (indexes[firstIndex + entry] as number) * INFO_HASH_BYTES, bytes, end);
    end += INFO_HASH_BYTES;
  }
  return end - at;
}

/** What a datagram is to the request whose transaction id it carries. */
export const ResponseKind = { valid: 0, error: 1, malformed: 2 } as const;
export type ResponseKind = (typeof ResponseKind)[keyof typeof ResponseKind];

/** What the request's kind and the socket's family say about its reply. */
export interface ResponseShape {
  /** 6 over IPv4, 18 over IPv6. */
  readonly peerBytes: number;
  /** Hashes in each scrape request. */
  readonly scrapedHashes: number;
}

/**
 * Checks a reply of at least 8 bytes, whose transaction id has matched, against the request's action.
 *
 * Connect: 16 bytes or more. Announce: 20 bytes and whole peers. Scrape: exactly one entry a hash. Error: 8 bytes or more.
 */
export function checkResponse(
  action: number,
  bytes: Uint8Array,
  at: number,
  length: number,
  shape: ResponseShape,
): ResponseKind {
  const replied = readUint32(bytes, at + ResponseOffset.action);
  if (replied === Action.error) return ResponseKind.error;
  if (replied !== action) return ResponseKind.malformed;
  let fits: boolean;
  if (action === Action.announce) {
    fits =
      length >= ANNOUNCE_RESPONSE_HEAD_BYTES &&
      (length - ANNOUNCE_RESPONSE_HEAD_BYTES) % shape.peerBytes === 0;
  } else if (action === Action.scrape) {
    fits = length === SCRAPE_HEAD_RESPONSE_BYTES + SCRAPE_ENTRY_BYTES * shape.scrapedHashes;
  } else {
    fits = length >= CONNECT_RESPONSE_BYTES;
  }
  return fits ? ResponseKind.valid : ResponseKind.malformed;
}

/** Number of peers in a valid announce reply of `length` bytes. */
export function countPeers(length: number, peerBytes: number): number {
  return (length - ANNOUNCE_RESPONSE_HEAD_BYTES) / peerBytes;
}

/** The tracker's words in an error reply: printable, without surrounding space, at most 120 characters. */
export function readErrorText(bytes: Uint8Array, at: number, length: number): string {
  const end = at + Math.min(length, ERROR_HEAD_BYTES + MOST_ERROR_TEXT_BYTES);
  const text = new TextDecoder().decode(bytes.subarray(at + ERROR_HEAD_BYTES, end));
  const printable = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  const cut = Array.from(printable).slice(0, MOST_ERROR_TEXT_CHARACTERS).join('');
  return cut === '' ? '(no text)' : cut;
}
