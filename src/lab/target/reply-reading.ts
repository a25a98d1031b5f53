/** Reads the replies of a pre-flight. Pure; a reply that is not understood is a `refusal` in words, never thrown. */
import {
  Action,
  ANNOUNCE_RESPONSE_HEAD_BYTES,
  CONNECT_RESPONSE_BYTES,
  ERROR_HEAD_BYTES,
  PEER_BYTES_IPV4,
  PEER_BYTES_IPV6,
  ResponseOffset,
  readUint32,
  SCRAPE_ENTRY_BYTES,
  SCRAPE_HEAD_RESPONSE_BYTES,
} from '../../wire/bep15.ts';
import type { AddressFamily } from '../../wire/udp-socket.ts';

type Reading<Value> = { readonly value: Value } | { readonly refusal: string };

export interface AnnounceReading {
  readonly intervalSeconds: number;
  readonly leechers: number;
  readonly seeders: number;
  readonly peers: number;
}

export interface ScrapeReading {
  readonly seeders: number;
  readonly completed: number;
  readonly leechers: number;
}

/** The 8 bytes of the connection id. */
export function readConnectReply(reply: Uint8Array): Reading<Uint8Array> {
  const refusal = refusalOf(reply, Action.connect, CONNECT_RESPONSE_BYTES);
  return refusal === null
    ? { value: reply.slice(ResponseOffset.connectionId, CONNECT_RESPONSE_BYTES) }
    : { refusal };
}

export function readAnnounceReply(reply: Uint8Array, family: AddressFamily): Reading<AnnounceReading> {
  const refusal = refusalOf(reply, Action.announce, ANNOUNCE_RESPONSE_HEAD_BYTES);
  if (refusal !== null) return { refusal };
  const peerBytes = family === 6 ? PEER_BYTES_IPV6 : PEER_BYTES_IPV4;
  return {
    value: {
      intervalSeconds: readUint32(reply, ResponseOffset.interval),
      leechers: readUint32(reply, ResponseOffset.leechers),
      seeders: readUint32(reply, ResponseOffset.seeders),
      peers: Math.floor((reply.length - ANNOUNCE_RESPONSE_HEAD_BYTES) / peerBytes),
    },
  };
}

/**
 * Whether a tracker answers an announce as Debian's opentracker does for a hash that its whitelist lacks: action and
 * transaction id, and nothing after them.
 */
export function isWhitelistRefusal(reply: Uint8Array): boolean {
  return reply.length === ERROR_HEAD_BYTES && readUint32(reply, ResponseOffset.action) === Action.announce;
}

/** Of a scrape with one hash. */
export function readScrapeReply(reply: Uint8Array): Reading<ScrapeReading> {
  const refusal = refusalOf(reply, Action.scrape, SCRAPE_HEAD_RESPONSE_BYTES + SCRAPE_ENTRY_BYTES);
  if (refusal !== null) return { refusal };
  const at = ResponseOffset.scrapeEntries;
  return {
    value: {
      seeders: readUint32(reply, at),
      completed: readUint32(reply, at + 4),
      leechers: readUint32(reply, at + 8),
    },
  };
}

/** The transaction id; undefined where the datagram is too short to have one. */
export function transactionIdOf(reply: Uint8Array): number | undefined {
  return reply.length < ERROR_HEAD_BYTES ? undefined : readUint32(reply, ResponseOffset.transactionId);
}

/** Replies have at least {@link ERROR_HEAD_BYTES} here: they were matched by their transaction id. */
function refusalOf(reply: Uint8Array, action: Action, leastBytes: number): string | null {
  const got = readUint32(reply, ResponseOffset.action);
  if (got === Action.error) {
    const text = new TextDecoder()
      .decode(reply.subarray(ResponseOffset.errorText))
      .replace(/\p{Cc}+/gu, ' ')
      .trim();
    return `the tracker says "${text.slice(0, 120)}"`;
  }
  if (got !== action) return `the reply has the action ${got}, not ${action}`;
  if (reply.length < leastBytes) return `the reply has ${reply.length} bytes, not at least ${leastBytes}`;
  return null;
}
