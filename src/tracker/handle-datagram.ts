/**
 * Answers one datagram: bytes in, bytes out. Pure but for the state that it is given; it reads no clock, opens nothing,
 * and allocates nothing on the way.
 *
 * Until a sender has shown a connection id that was issued to its address, it gets no more bytes than it sent, so that
 * nobody can use the tracker to flood somebody else.
 *
 * @see https://www.bittorrent.org/beps/bep_0015.html
 */
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  ANNOUNCE_RESPONSE_HEAD_BYTES,
  AnnounceEvent,
  CONNECT_RESPONSE_BYTES,
  ERROR_HEAD_BYTES,
  INFO_HASH_BYTES,
  MAX_SCRAPE_HASHES,
  PEER_BYTES_IPV4,
  PEER_BYTES_IPV6,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  ResponseOffset,
  readInt32,
  readUint16,
  readUint32,
  SCRAPE_ENTRY_BYTES,
  SCRAPE_HEAD_REQUEST_BYTES,
  SCRAPE_HEAD_RESPONSE_BYTES,
  writeUint16,
  writeUint32,
} from '../wire/bep15.ts';
import { type AddressFamily, SLOT_BYTES } from '../wire/udp-socket.ts';
import { CUT_OPTIONS, readUrlData } from './announce-options.ts';
import type { ConnectRateLimit } from './connect-rate-limit.ts';
import type { ConnectionIds } from './connection-id.ts';
import type { TrackerCounters } from './counters.ts';
import type { InfoHashSet } from './info-hash-set.ts';
import { errorTexts, writeError, writeHead } from './reply.ts';
import { writeScrapeEntries } from './scrape-entries.ts';
import {
  ANNOUNCE_INTERVAL_S,
  type AnnounceNote,
  MOST_PEERS_IN_REPLY,
  type SwarmStore,
} from './swarm-store.ts';
import { NO_SWARM } from './swarm-table.ts';

/** Peers for a client that leaves the number to the tracker (num_want -1). */
const DEFAULT_NUM_WANT = 50;

/** The most peers in a reply over IPv6: an Ethernet frame leaves 1,452 bytes of payload. */
const MOST_PEERS_IN_IPV6_REPLY = 79;

/** The smallest request of any kind. */
const SHORTEST_REQUEST_BYTES = 16;

/** What {@link DatagramHandler.handle} returns where the answer is on its way and will be sent later. */
export const DEFERRED = -1;

/** What a handler works on. */
export interface DatagramState {
  readonly connectionIds: ConnectionIds;
  readonly ipv4: SwarmStore;
  readonly ipv6: SwarmStore;
  /** Null: every info hash is served. */
  allowed: InfoHashSet | null;
  /** Null: no limit. */
  readonly connectLimit: ConnectRateLimit | null;
  readonly counters: TrackerCounters;
  /** Seconds until the next announce that replies ask for. Default: {@link ANNOUNCE_INTERVAL_S}. */
  readonly announceIntervalS?: number;
}

export class DatagramHandler {
  protected readonly state: DatagramState;
  private readonly announceIntervalS: number;
  protected nowS = 0;
  /** By the clock of the connection ids. */
  private idNowS = 0;
  protected family: AddressFamily = 4;
  private addressBytes = 4;
  protected store: SwarmStore;
  private readonly urlData = new Uint8Array(SLOT_BYTES);
  private readonly ipv4Note = createNote(PEER_BYTES_IPV4);
  private readonly ipv6Note = createNote(PEER_BYTES_IPV6);

  constructor(state: DatagramState) {
    this.state = state;
    this.store = state.ipv4;
    this.announceIntervalS = state.announceIntervalS ?? ANNOUNCE_INTERVAL_S;
  }

  /**
   * Sets the time of the datagrams that follow.
   *
   * @param nowS - monotonic clock, whole seconds
   * @param idNowS - clock of the connection ids, whole seconds; the same one unless several machines share a key
   */
  setTime(nowS: number, idNowS = nowS): void {
    this.nowS = nowS;
    this.idNowS = idNowS;
  }

  /**
   * Answers a datagram.
   *
   * @param request - holds the datagram from `start`, its first {@link SLOT_BYTES} bytes where it is longer
   * @param length - bytes that were sent
   * @param family - of the sender; an IPv4 sender on a dual-stack socket is IPv4
   * @param sender - the sender's IP address from index 0: 4 or 16 bytes
   * @param port - the sender's port
   * @param response - receives the answer at `at`; 1,472 bytes must be free
   * @returns length of the answer; 0: none is to be sent; {@link DEFERRED} only of a handler whose swarms are elsewhere
   */
  handle(
    request: Uint8Array,
    start: number,
    length: number,
    family: AddressFamily,
    sender: Uint8Array,
    port: number,
    response: Uint8Array,
    at: number,
  ): number {
    const { counters, connectionIds } = this.state;
    if (port === 0) {
      counters['drops.sourcePortZero']++;
      return 0;
    }
    if (length < SHORTEST_REQUEST_BYTES) {
      counters['drops.tooShort']++;
      return 0;
    }
    this.family = family;
    this.addressBytes = family === 4 ? 4 : 16;
    this.store = family === 4 ? this.state.ipv4 : this.state.ipv6;
    const action = readUint32(request, start + RequestOffset.action);
    if (action === Action.connect) {
      return this.connect(request, start, sender, response, at);
    }
    const idAt = start + RequestOffset.connectionId;
    const verdict = connectionIds.verify(sender, this.addressBytes, this.idNowS, request, idAt);
    if (verdict === 'forged') {
      counters['drops.forgedConnectionId']++;
      return 0;
    }
    if (verdict === 'expired') {
      return this.refuseExpired(action, request, start, length, response, at);
    }
    this.countRequest(action);
    if (action === Action.announce) {
      return this.announce(request, start, length, sender, response, at);
    }
    if (action === Action.scrape) {
      return this.scrape(request, start, length, response, at);
    }
    counters['errors.unknownAction']++;
    return writeError(errorTexts.unknownAction, request, start, response, at);
  }

  private connect(
    request: Uint8Array,
    start: number,
    sender: Uint8Array,
    response: Uint8Array,
    at: number,
  ): number {
    const { counters, connectLimit, connectionIds } = this.state;
    if (
      readUint32(request, start) !== PROTOCOL_ID_HIGH ||
      readUint32(request, start + 4) !== PROTOCOL_ID_LOW
    ) {
      counters['drops.badProtocolId']++;
      return 0;
    }
    if (connectLimit !== null && !connectLimit.admits(sender, this.addressBytes, this.nowS)) {
      counters['drops.connectLimit']++;
      return 0;
    }
    counters['requests.connect']++;
    writeHead(Action.connect, request, start, response, at);
    connectionIds.issue(sender, this.addressBytes, this.idNowS, response, at + ResponseOffset.connectionId);
    return CONNECT_RESPONSE_BYTES;
  }

  private announce(
    request: Uint8Array,
    start: number,
    length: number,
    sender: Uint8Array,
    response: Uint8Array,
    at: number,
  ): number {
    const { counters, allowed } = this.state;
    if (length < ANNOUNCE_REQUEST_BYTES) {
      counters['errors.shortAnnounce']++;
      return writeError(errorTexts.shortAnnounce, request, start, response, at);
    }
    const port = readUint16(request, start + RequestOffset.port);
    if (port === 0) {
      counters['errors.portZero']++;
      return writeError(errorTexts.portZero, request, start, response, at);
    }
    const hashAt = start + RequestOffset.infoHash;
    if (allowed !== null && !allowed.has(request, hashAt)) {
      counters['errors.notOnWhitelist']++;
      return writeError(errorTexts.notOnWhitelist, request, start, response, at);
    }
    if (length > ANNOUNCE_REQUEST_BYTES) {
      const heldBytes = Math.min(length, SLOT_BYTES);
      const urlBytes = readUrlData(request, start, start + heldBytes, this.urlData);
      if (urlBytes === CUT_OPTIONS) {
        counters['options.cut']++;
      } else if (urlBytes > 0) {
        counters['options.urlData']++;
      }
    }

    // The ip field is ignored: an address that was announced and not seen would make every client connect to it (BEP 7).
    const note = this.family === 4 ? this.ipv4Note : this.ipv6Note;
    for (let byte = 0; byte < this.addressBytes; byte++) {
      note.peer[byte] = sender[byte] as number;
    }
    writeUint16(note.peer, this.addressBytes, port);

    const event = readUint32(request, start + RequestOffset.event);
    const leftAt = start + RequestOffset.left;
    note.seeder = readUint32(request, leftAt) === 0 && readUint32(request, leftAt + 4) === 0;
    note.completed = event === AnnounceEvent.completed;
    note.nowS = this.nowS;
    const stopped = event === AnnounceEvent.stopped;
    const wanted = this.peersWanted(readInt32(request, start + RequestOffset.numWant));
    return this.answerAnnounce(request, start, hashAt, note, stopped, wanted, response, at);
  }

  /**
   * Answers an announce that may be served.
   *
   * @param stopped - only the peer of the note counts then
   * @param wanted - peers that the reply may have at most
   */
  protected answerAnnounce(
    request: Uint8Array,
    start: number,
    hashAt: number,
    note: AnnounceNote,
    stopped: boolean,
    wanted: number,
    response: Uint8Array,
    at: number,
  ): number {
    const swarm = stopped
      ? this.store.stop(request, hashAt, note.peer)
      : this.store.announce(request, hashAt, note);

    this.writeAnnounceHead(request, start, response, at);
    writeUint32(response, at + ResponseOffset.leechers, swarm === NO_SWARM ? 0 : this.store.leechers(swarm));
    writeUint32(response, at + ResponseOffset.seeders, swarm === NO_SWARM ? 0 : this.store.seeders(swarm));
    if (swarm === NO_SWARM || stopped) {
      return ANNOUNCE_RESPONSE_HEAD_BYTES;
    }
    const peers = this.store.writePeers(note.seeder, wanted, response, at + ResponseOffset.peers);
    this.state.counters.peersSent += peers;
    return ANNOUNCE_RESPONSE_HEAD_BYTES + peers * this.store.peerBytes;
  }

  /** Writes action, transaction id and interval of the reply to the announce at `start`. */
  protected writeAnnounceHead(request: Uint8Array, start: number, response: Uint8Array, at: number): void {
    writeHead(Action.announce, request, start, response, at);
    writeUint32(response, at + ResponseOffset.interval, this.announceIntervalS);
  }

  private scrape(
    request: Uint8Array,
    start: number,
    length: number,
    response: Uint8Array,
    at: number,
  ): number {
    const { counters } = this.state;
    const hashBytes = length - SCRAPE_HEAD_REQUEST_BYTES;
    if (hashBytes === 0 || hashBytes % INFO_HASH_BYTES !== 0) {
      counters['errors.badScrape']++;
      return writeError(errorTexts.badScrape, request, start, response, at);
    }
    const count = Math.min(hashBytes / INFO_HASH_BYTES, MAX_SCRAPE_HASHES);
    return this.answerScrape(request, start, start + RequestOffset.infoHash, count, response, at);
  }

  /** Answers a scrape of `count` hashes, which begin at `hashAt`. */
  protected answerScrape(
    request: Uint8Array,
    start: number,
    hashAt: number,
    count: number,
    response: Uint8Array,
    at: number,
  ): number {
    writeHead(Action.scrape, request, start, response, at);
    const entriesAt = at + ResponseOffset.scrapeEntries;
    writeScrapeEntries(this.store, this.state.allowed, request, hashAt, count, response, entriesAt);
    return SCRAPE_HEAD_RESPONSE_BYTES + count * SCRAPE_ENTRY_BYTES;
  }

  private countRequest(action: number): void {
    const { counters } = this.state;
    if (action === Action.announce) {
      counters['requests.announce']++;
    } else if (action === Action.scrape) {
      counters['requests.scrape']++;
    } else {
      counters['requests.other']++;
    }
  }

  private peersWanted(numWant: number): number {
    const most = this.family === 4 ? MOST_PEERS_IN_REPLY : MOST_PEERS_IN_IPV6_REPLY;
    return Math.min(numWant < 0 ? DEFAULT_NUM_WANT : numWant, most);
  }

  /** Whoever shows an old id may merely be slow to renew it; he is told, if that takes no more bytes than he sent. */
  private refuseExpired(
    action: number,
    request: Uint8Array,
    start: number,
    length: number,
    response: Uint8Array,
    at: number,
  ): number {
    const { counters } = this.state;
    if (ERROR_HEAD_BYTES + errorTexts.expiredConnectionId.length > length) {
      counters['drops.expiredConnectionId']++;
      return 0;
    }
    this.countRequest(action);
    counters['errors.expiredConnectionId']++;
    return writeError(errorTexts.expiredConnectionId, request, start, response, at);
  }
}

function createNote(peerBytes: number): AnnounceNote {
  return { peer: new Uint8Array(peerBytes), seeder: false, completed: false, nowS: 0 };
}
