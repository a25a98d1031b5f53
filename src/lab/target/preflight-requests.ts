/** The requests of a pre-flight. Each has a transaction id of its own. */
import { randomInt } from 'node:crypto';
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  type AnnounceEvent,
  CONNECT_REQUEST_BYTES,
  INFO_HASH_BYTES,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  SCRAPE_HEAD_REQUEST_BYTES,
} from '../../wire/bep15.ts';

/** The discard port: no other client gains from this peer in the moment that it is known. */
const PEER_PORT = 9;

export interface AnnounceContent {
  /** A hash of the load, 20 bytes. */
  readonly infoHash: Uint8Array;
  readonly numWant: number;
}

export function connectRequest(): Buffer {
  const request = Buffer.alloc(CONNECT_REQUEST_BYTES);
  request.writeUInt32BE(PROTOCOL_ID_HIGH, 0);
  request.writeUInt32BE(PROTOCOL_ID_LOW, 4);
  return addressed(request, Action.connect);
}

/** The announce of a leecher. */
export function announceRequest(
  connectionId: Uint8Array,
  { infoHash, numWant }: AnnounceContent,
  event: AnnounceEvent,
): Buffer {
  const request = Buffer.alloc(ANNOUNCE_REQUEST_BYTES);
  request.set(connectionId, RequestOffset.connectionId);
  request.set(infoHash, RequestOffset.infoHash);
  request.write('-TL0000-preflight000', RequestOffset.peerId, 'latin1');
  request.writeUInt32BE(1, RequestOffset.left + 4);
  request.writeUInt32BE(event, RequestOffset.event);
  request.writeInt32BE(numWant, RequestOffset.numWant);
  request.writeUInt16BE(PEER_PORT, RequestOffset.port);
  return addressed(request, Action.announce);
}

/** A scrape of one hash. */
export function scrapeRequest(connectionId: Uint8Array, infoHash: Uint8Array): Buffer {
  const request = Buffer.alloc(SCRAPE_HEAD_REQUEST_BYTES + INFO_HASH_BYTES);
  request.set(connectionId, RequestOffset.connectionId);
  request.set(infoHash, RequestOffset.infoHash);
  return addressed(request, Action.scrape);
}

function addressed(request: Buffer, action: Action): Buffer {
  request.writeUInt32BE(action, RequestOffset.action);
  request.writeUInt32BE(randomInt(2 ** 32), RequestOffset.transactionId);
  return request;
}
