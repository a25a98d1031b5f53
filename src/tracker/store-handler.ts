/**
 * Answers datagrams from swarms that are kept in a store outside of this process. Connects and all refusals are answered
 * at once, as ever; an announce or scrape that may be served takes a place at the desk, and its answer goes out when the
 * store has given its own. What the store cannot be asked, or does not answer in time, is answered by the policy.
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
import { type DatagramState, DEFERRED } from './handle-datagram.ts';
import { copyBytes } from './move-bytes.ts';
import type { RandomSource } from './random-source.ts';
import { writeHead } from './reply.ts';
import type { StoreClient } from './store-client.ts';
import { growForScrape, StoreDesk, type WaitingRequest } from './store-desk.ts';
import { type StoreOutage, StorePolicyHandler } from './store-policy-handler.ts';
import { StoreQuestions } from './store-questions.ts';
import { StoreReplyFlag, StoreReplyOffset } from './store-scripts.ts';
import { type AnnounceNote, PEER_LIFETIME_S } from './swarm-store.ts';

/** A request waits for the store no longer; a client asks again after 15 s (BEP 15). */
const STORE_WAIT_MS = 1000;
/** Scripts under way at a time; a scrape is one for each of its hashes. */
export const MOST_SCRIPTS = 4096;
const SCRAPE_ENTRIES_AT = ResponseOffset.scrapeEntries;

export interface StoreHandlerOptions {
  readonly outage: StoreOutage;
  readonly random: RandomSource;
  /** Default: {@link PEER_LIFETIME_S}. */
  readonly peerLifetimeS?: number;
  /** Peers of one IPv4 address or IPv6 /64 in one swarm. Absent: no bound. */
  readonly peersPerAddress?: number;
}

export class StoreHandler extends StorePolicyHandler {
  private readonly client: StoreClient;
  private readonly questions: StoreQuestions;
  private readonly desk = new StoreDesk();
  private readonly note: { [family in 4 | 6]: AnnounceNote };
  private socket: UdpSocket | null = null;
  private opened: WaitingRequest | null = null;
  private nowMs = 0;
  private flushing = false;
  private stopping = false;
  private onEmpty: () => void = () => {};

  constructor(state: DatagramState, client: StoreClient, options: StoreHandlerOptions) {
    super(state, options.outage);
    this.client = client;
    this.questions = new StoreQuestions(client, {
      random: options.random,
      peerLifetimeS: options.peerLifetimeS ?? PEER_LIFETIME_S,
      peersPerAddress: options.peersPerAddress ?? 0,
    });
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
    this.noteLocally(request, hashAt, note, stopped);
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
    const { peerBytes } = family === 4 ? this.state.ipv4 : this.state.ipv6;
    this.questions.askAnnounce(
      place,
      peerBytes,
      (reply, peers) => this.onAnnounceReply(place, number, reply, peers * peerBytes, peers),
      () => this.onError(place, number),
    );
  }

  private askScrape(place: WaitingRequest): void {
    const { number, hashes } = place;
    for (let entry = 0; entry < hashes; entry++) {
      const hashAt = RequestOffset.infoHash + entry * INFO_HASH_BYTES;
      if (this.listed(place.request, hashAt, 1) === 1) {
        this.questions.askScrapeEntry(
          place,
          hashAt,
          (reply) => this.onScrapeReply(place, number, entry, reply),
          () => this.onError(place, number),
        );
      }
    }
  }

  private onAnnounceReply(
    place: WaitingRequest,
    number: number,
    reply: Uint8Array,
    peersBytes: number,
    peers: number,
  ): void {
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
    this.reply(place, at, ANNOUNCE_RESPONSE_HEAD_BYTES + peersBytes);
  }

  private onScrapeReply(place: WaitingRequest, number: number, entry: number, reply: Uint8Array): void {
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
