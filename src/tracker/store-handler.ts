/**
 * Answers datagrams from swarms that are kept in a store outside of this process. Connects and all refusals are answered
 * at once, as ever; an announce or scrape that may be served takes a place at the desk, and its answer goes out when the
 * store has given its own. What the store cannot be asked, or does not answer in time, is answered by the policy: from
 * the swarms that this instance keeps of its own clients, or with an error.
 */
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  ANNOUNCE_RESPONSE_HEAD_BYTES,
  INFO_HASH_BYTES,
  RequestOffset,
  ResponseOffset,
  readUint32,
  SCRAPE_ENTRY_BYTES,
  SCRAPE_HEAD_REQUEST_BYTES,
  SCRAPE_HEAD_RESPONSE_BYTES,
} from '../wire/bep15.ts';
import type { UdpSocket } from '../wire/udp-socket.ts';
import { DatagramHandler, type DatagramState, DEFERRED } from './handle-datagram.ts';
import { copyBytes } from './move-bytes.ts';
import type { RandomSource } from './random-source.ts';
import { errorTexts, writeError, writeHead } from './reply.ts';
import type { StoreClient } from './store-client.ts';
import { createStoreCounters } from './store-counters.ts';
import { growForScrape, StoreDesk, type WaitingRequest } from './store-desk.ts';
import {
  announceScript,
  STORE_REPLY_HEAD_BYTES,
  StoreReplyFlag,
  StoreReplyOffset,
  scrapeScript,
  swarmKeys,
} from './store-scripts.ts';
import { type AnnounceNote, PEER_LIFETIME_S } from './swarm-store.ts';
import { NO_SWARM } from './swarm-table.ts';

/** A request waits for the store no longer; a client asks again after 15 s (BEP 15). */
const STORE_WAIT_MS = 1000;
/** Scripts under way at a time; a scrape is one for each of its hashes. */
export const MOST_SCRIPTS = 4096;
const SCRAPE_ENTRIES_AT = ResponseOffset.scrapeEntries;

/** What is done while the store cannot be asked. */
export type StoreOutage = 'serve-cache' | 'refuse';

export interface StoreHandlerOptions {
  readonly outage: StoreOutage;
  readonly random: RandomSource;
  /** Default: {@link PEER_LIFETIME_S}. */
  readonly peerLifetimeS?: number;
  /** Peers of one IPv4 address or IPv6 /64 in one swarm. Absent: no bound. */
  readonly peersPerAddress?: number;
}

export class StoreHandler extends DatagramHandler {
  readonly storeCounters = createStoreCounters();
  private readonly client: StoreClient;
  private readonly random: RandomSource;
  private readonly cached: boolean;
  private readonly lifeText: string;
  private readonly perAddressText: string;
  private readonly desk = new StoreDesk();
  private readonly note: { [family in 4 | 6]: AnnounceNote };
  private socket: UdpSocket | null = null;
  private opened: WaitingRequest | null = null;
  private nowMs = 0;
  private flushing = false;
  private stopping = false;
  private onEmpty: () => void = () => {};

  constructor(state: DatagramState, client: StoreClient, options: StoreHandlerOptions) {
    super(state);
    this.client = client;
    this.random = options.random;
    this.cached = options.outage === 'serve-cache';
    this.lifeText = String(options.peerLifetimeS ?? PEER_LIFETIME_S);
    this.perAddressText = String(options.peersPerAddress ?? 0);
    this.note = { 4: createNote(state.ipv4.peerBytes), 6: createNote(state.ipv6.peerBytes) };
  }

  /** @param socket - the socket through which answers go */
  open(socket: UdpSocket): void {
    this.socket = socket;
  }

  /** Before a batch, and from a timer. @param nowMs - the clock of {@link setTime}, in milliseconds */
  setTimeMs(nowMs: number): void {
    this.nowMs = nowMs;
  }

  /** After {@link handle} has returned {@link DEFERRED}: keeps whom to answer. */
  keepSender(index: number, socket: UdpSocket): void {
    if (this.opened !== null) {
      socket.copySender(index, this.opened.sender);
      this.opened = null;
    }
  }

  /** After a batch: sends what it has for the store. */
  endBatch(): void {
    this.client.flush();
  }

  /** Answers by the policy what has waited for too long. */
  expire(): void {
    for (const place of this.desk.overdue(this.nowMs)) {
      this.storeCounters['store.timeouts']++;
      this.answerByPolicy(place);
    }
  }

  /** Waits for what is under way, answers the rest by the policy, and lets the store go. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.desk.waiting > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, STORE_WAIT_MS);
        this.onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      for (const place of this.desk.overdue(Number.POSITIVE_INFINITY)) {
        this.storeCounters['store.timeouts']++;
        this.answerByPolicy(place);
      }
    }
    this.socket?.flush();
    this.client.close();
  }

  /** Counters by name, in place of those of the same name of a tracker without a store. */
  counters(): Record<string, number> {
    const { expiredPeers, crowdedPeers, completedDownloads, ...named } = this.storeCounters;
    return {
      ...named,
      'store.waiting': this.desk.waiting,
      'store.up': this.client.up ? 1 : 0,
      'peers.expired': expiredPeers,
      'peers.refusedByAddress': crowdedPeers,
      downloadsCompleted: completedDownloads,
    };
  }

  protected override answerAnnounce(
    request: Uint8Array,
    start: number,
    hashAt: number,
    note: AnnounceNote,
    stopped: boolean,
    wanted: number,
    response: Uint8Array,
    at: number,
  ): number {
    const place = this.take(1);
    if (place === null) {
      return this.announceWithoutStore(request, start, hashAt, note, stopped, wanted, response, at);
    }
    if (this.cached) {
      this.noteLocally(request, hashAt, note, stopped);
    }
    place.kind = 'announce';
    copyBytes(request, start, place.request, 0, ANNOUNCE_REQUEST_BYTES);
    copyBytes(note.peer, 0, place.peer, 0, note.peer.length);
    place.seeder = note.seeder;
    place.completed = note.completed;
    place.stopped = stopped;
    place.wanted = wanted;
    this.askAnnounce(place);
    return DEFERRED;
  }

  protected override answerScrape(
    request: Uint8Array,
    start: number,
    hashAt: number,
    count: number,
    response: Uint8Array,
    at: number,
  ): number {
    const listed = this.listed(request, hashAt, count);
    if (listed === 0) {
      return super.answerScrape(request, start, hashAt, count, response, at);
    }
    const place = this.take(listed);
    if (place === null) {
      return this.scrapeWithoutStore(request, start, hashAt, count, response, at);
    }
    const requestBytes = SCRAPE_HEAD_REQUEST_BYTES + count * INFO_HASH_BYTES;
    growForScrape(place, requestBytes);
    place.kind = 'scrape';
    copyBytes(request, start, place.request, 0, requestBytes);
    place.hashes = count;
    place.missing = listed;
    this.askScrape(place);
    return DEFERRED;
  }

  /** A place for a request of so many scripts; null where the store cannot be asked. */
  private take(scripts: number): WaitingRequest | null {
    this.opened = null;
    if (!this.client.up || this.stopping) {
      return null;
    }
    const room = this.client.pending + scripts <= MOST_SCRIPTS;
    const place = room ? this.desk.take(this.nowMs + STORE_WAIT_MS) : null;
    if (place === null) {
      this.storeCounters['store.busy']++;
      return null;
    }
    place.family = this.family;
    this.opened = place;
    return place;
  }

  private askAnnounce(place: WaitingRequest): void {
    const { number, family } = place;
    const peerBytes = family === 4 ? this.state.ipv4.peerBytes : this.state.ipv6.peerBytes;
    const kind = place.stopped ? 'x' : place.seeder ? 's' : 'l';
    this.client.run(
      announceScript,
      swarmKeys(hexOf(place.request, RequestOffset.infoHash), family),
      [
        Buffer.from(place.peer.subarray(0, peerBytes)),
        kind,
        this.lifeText,
        place.completed ? '1' : '0',
        String(place.wanted),
        String(this.random.below(0x7fff_ffff)),
        this.perAddressText,
      ],
      (reply) => this.onAnnounceReply(place, number, reply, peerBytes),
      () => this.onError(place, number),
    );
  }

  private askScrape(place: WaitingRequest): void {
    const { number, family, hashes } = place;
    for (let entry = 0; entry < hashes; entry++) {
      const hashAt = RequestOffset.infoHash + entry * INFO_HASH_BYTES;
      if (this.listed(place.request, hashAt, 1) === 0) {
        continue;
      }
      const [leechers, seeders, downloads] = swarmKeys(hexOf(place.request, hashAt), family);
      this.client.run(
        scrapeScript,
        [leechers, seeders, downloads],
        [this.lifeText],
        (reply) => this.onScrapeReply(place, number, entry, reply),
        () => this.onError(place, number),
      );
    }
  }

  private onAnnounceReply(place: WaitingRequest, number: number, reply: unknown, peerBytes: number): void {
    if (!isBytes(reply) || (reply.length - STORE_REPLY_HEAD_BYTES) % peerBytes !== 0) {
      this.onError(place, number);
      return;
    }
    const peers = (reply.length - STORE_REPLY_HEAD_BYTES) / peerBytes;
    if (peers < 0 || peers > place.wanted) {
      this.onError(place, number);
      return;
    }
    const { storeCounters } = this;
    const flags = reply[StoreReplyOffset.flags] as number;
    storeCounters.expiredPeers += readUint32(reply, StoreReplyOffset.expired);
    storeCounters.completedDownloads += (flags & StoreReplyFlag.completed) === 0 ? 0 : 1;
    storeCounters.crowdedPeers += (flags & StoreReplyFlag.crowded) === 0 ? 0 : 1;
    const { socket } = this;
    if (place.number !== number || socket === null) {
      storeCounters['store.unused']++;
      return;
    }
    const at = socket.slot();
    this.writeAnnounceHead(place.request, 0, socket.sendBytes, at);
    const bodyBytes = reply.length - StoreReplyOffset.body;
    copyBytes(reply, StoreReplyOffset.body, socket.sendBytes, at + ResponseOffset.leechers, bodyBytes);
    this.state.counters.peersSent += peers;
    storeCounters['store.answered']++;
    this.reply(place, at, ANNOUNCE_RESPONSE_HEAD_BYTES + peers * peerBytes);
  }

  private onScrapeReply(place: WaitingRequest, number: number, entry: number, reply: unknown): void {
    if (!isBytes(reply) || reply.length !== SCRAPE_ENTRY_BYTES) {
      this.onError(place, number);
      return;
    }
    const { socket } = this;
    if (place.number !== number || socket === null) {
      this.storeCounters['store.unused']++;
      return;
    }
    copyBytes(reply, 0, place.entries, entry * SCRAPE_ENTRY_BYTES, SCRAPE_ENTRY_BYTES);
    place.missing--;
    if (place.missing === 0) {
      const at = socket.slot();
      writeHead(Action.scrape, place.request, 0, socket.sendBytes, at);
      const entriesBytes = place.hashes * SCRAPE_ENTRY_BYTES;
      copyBytes(place.entries, 0, socket.sendBytes, at + SCRAPE_ENTRIES_AT, entriesBytes);
      this.storeCounters['store.answered']++;
      this.reply(place, at, SCRAPE_HEAD_RESPONSE_BYTES + entriesBytes);
    }
  }

  private onError(place: WaitingRequest, number: number): void {
    this.storeCounters['store.errors']++;
    if (place.number === number) {
      this.answerByPolicy(place);
    }
  }

  /** Answers one that waits. */
  private answerByPolicy(place: WaitingRequest): void {
    const { socket } = this;
    if (socket === null) {
      this.release(place);
      return;
    }
    const { request, family } = place;
    const hashAt = RequestOffset.infoHash;
    const at = socket.slot();
    this.family = family;
    this.store = family === 4 ? this.state.ipv4 : this.state.ipv6;
    let length: number;
    if (place.kind === 'scrape') {
      length = this.scrapeWithoutStore(request, 0, hashAt, place.hashes, socket.sendBytes, at);
    } else {
      const note = this.note[family];
      copyBytes(place.peer, 0, note.peer, 0, note.peer.length);
      note.seeder = place.seeder;
      note.completed = place.completed;
      note.nowS = this.nowS;
      const { stopped, wanted } = place;
      length = this.announceWithoutStore(request, 0, hashAt, note, stopped, wanted, socket.sendBytes, at);
    }
    this.reply(place, at, length);
  }

  private announceWithoutStore(
    request: Uint8Array,
    start: number,
    hashAt: number,
    note: AnnounceNote,
    stopped: boolean,
    wanted: number,
    response: Uint8Array,
    at: number,
  ): number {
    if (!this.cached) {
      return this.refuse(request, start, response, at);
    }
    this.storeCounters['store.servedFromCache']++;
    return super.answerAnnounce(request, start, hashAt, note, stopped, wanted, response, at);
  }

  /** Zero is never said of a swarm that is merely not known here. */
  private scrapeWithoutStore(
    request: Uint8Array,
    start: number,
    hashAt: number,
    count: number,
    response: Uint8Array,
    at: number,
  ): number {
    for (let entry = 0; entry < count; entry++) {
      const from = hashAt + entry * INFO_HASH_BYTES;
      const known = this.cached && this.store.find(request, from) !== NO_SWARM;
      if (!known && this.listed(request, from, 1) === 1) {
        return this.refuse(request, start, response, at);
      }
    }
    this.storeCounters['store.servedFromCache']++;
    return super.answerScrape(request, start, hashAt, count, response, at);
  }

  private refuse(request: Uint8Array, start: number, response: Uint8Array, at: number): number {
    this.state.counters['errors.storeUnavailable']++;
    return writeError(errorTexts.storeUnavailable, request, start, response, at);
  }

  private noteLocally(request: Uint8Array, hashAt: number, note: AnnounceNote, stopped: boolean): void {
    if (stopped) {
      this.store.stop(request, hashAt, note.peer);
    } else {
      this.store.announce(request, hashAt, note);
    }
  }

  /** How many of the hashes are served. */
  private listed(request: Uint8Array, hashAt: number, count: number): number {
    const { allowed } = this.state;
    let listed = 0;
    for (let entry = 0; entry < count; entry++) {
      listed += allowed === null || allowed.has(request, hashAt + entry * INFO_HASH_BYTES) ? 1 : 0;
    }
    return listed;
  }

  private reply(place: WaitingRequest, slot: number, length: number): void {
    this.socket?.replyTo(place.sender, slot, length);
    this.release(place);
    if (!this.flushing) {
      this.flushing = true;
      // What Redis sends in one go is answered in one go.
      setImmediate(() => {
        this.flushing = false;
        this.socket?.flush();
      });
    }
  }

  private release(place: WaitingRequest): void {
    this.desk.release(place);
    if (this.desk.waiting === 0) {
      this.onEmpty();
    }
  }
}

function createNote(peerBytes: number): AnnounceNote {
  return { peer: new Uint8Array(peerBytes), seeder: false, completed: false, nowS: 0 };
}

function isBytes(reply: unknown): reply is Uint8Array {
  return reply instanceof Uint8Array;
}

function hexOf(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, INFO_HASH_BYTES).toString('hex');
}
