/**
 * The simulated BitTorrent clients of one load thread: what each asks next, and what an answer changes. Pure: the clock
 * is an argument, and requests are written into bytes that the caller owns. All clients stand in typed arrays, so that
 * ten thousand of them cost no garbage.
 */
import type { Nanoseconds } from '../../units.ts';
import {
  Action,
  AnnounceEvent,
  INFO_HASH_BYTES,
  MAX_SCRAPE_HASHES,
  PEER_ID_BYTES,
} from '../../wire/bep15.ts';
import { type AnnounceFields, writeAnnounce, writeConnect, writeScrape } from './request-codec.ts';
import type { SessionPlan } from './session-plan.ts';
import type { WorkerIdentity } from './swarm-model.ts';

/** BEP 15: a client may use a connection id until one minute after it received it. Counted from the request here. */
export const CONNECTION_ID_LIFE_NS = 60e9;
/** After this many time-outs in a row a client asks for a new id: a tracker may be silent on one that it forgot. */
const TIMEOUTS_BEFORE_NEW_ID = 2;
/** Sizes of the torrents: 1 to 32 times this, so that `left` needs more than 32 bits in most. */
const SIZE_UNIT_BYTES = 256 * 1024 * 1024;
const SIZE_CLASSES = 32;
/** What a seeder uploads between two announces. */
const SEEDER_UPLOAD_BYTES = 16 * 1024 * 1024;
/** A leecher passes on this share of what it has. */
const LEECHER_UPLOAD_SHARE = 0.25;

const Membership = { started: 1, complete: 2 } as const;

export interface FleetOptions {
  readonly plan: SessionPlan;
  readonly numWant: number;
  /** The shared pool of info hashes, 20 bytes each. */
  readonly pool: Uint8Array;
  /** By client: its pool indexes, `plan.hashesPerWorker` of them. */
  readonly memberships: readonly Uint32Array[];
  /** By client. */
  readonly identities: readonly WorkerIdentity[];
  /** By client: the step of its first session at which it begins, so that clients are not in step with each other. */
  readonly firstSteps: readonly number[];
  /**
   * By client: how much of its life its first id has behind it when it comes, so that the renewals of a run that is
   * shorter than that life are spread over it as in one that is longer.
   */
  readonly firstIdAgesNs: readonly Nanoseconds[];
  /**
   * Open loop: the session goes on with every request sent, and what is lost is not repeated.
   * Otherwise it goes on with every answer, and a request that timed out is sent again.
   */
  readonly openLoop: boolean;
}

export class ClientFleet {
  /** Hashes in every scrape. */
  readonly scrapedHashes: number;
  readonly #plan: SessionPlan;
  readonly #openLoop: boolean;
  readonly #pool: Uint8Array;
  readonly #hashIndexes: Uint32Array;
  readonly #seeder: Uint8Array;
  readonly #ports: Uint16Array;
  /** With the ids as signed numbers, which V8 passes on without a box. */
  readonly #keys: Int32Array;
  readonly #idHigh: Int32Array;
  readonly #idLow: Int32Array;
  /** When the connect request that brought the id was sent; -Infinity: there is none. */
  readonly #idSinceNs: Float64Array;
  /** Age that the next id starts with; 0 from the second on. */
  readonly #nextIdAgeNs: Float64Array;
  readonly #step: Uint32Array;
  /** By client and hash: flags of {@link Membership}. */
  readonly #membership: Uint8Array;
  readonly #timeoutsInRow: Uint8Array;
  /** 1 + the action that timed out and was not sent again yet; 0: none. */
  readonly #lostAction: Uint8Array;
  readonly #announce: AnnounceFields;

  constructor(options: FleetOptions) {
    const { plan, identities } = options;
    const clients = identities.length;
    this.#plan = plan;
    this.#openLoop = options.openLoop;
    this.#pool = options.pool;
    this.scrapedHashes = Math.min(plan.hashesPerWorker, MAX_SCRAPE_HASHES);
    this.#hashIndexes = new Uint32Array(clients * plan.hashesPerWorker);
    options.memberships.forEach((indexes, client) => {
      this.#hashIndexes.set(indexes, client * plan.hashesPerWorker);
    });
    this.#seeder = Uint8Array.from(identities, (identity) => (identity.seeder ? 1 : 0));
    this.#ports = Uint16Array.from(identities, (identity) => identity.port);
    this.#keys = Int32Array.from(identities, (identity) => identity.key);
    this.#idHigh = new Int32Array(clients);
    this.#idLow = new Int32Array(clients);
    this.#idSinceNs = new Float64Array(clients).fill(Number.NEGATIVE_INFINITY);
    this.#nextIdAgeNs = Float64Array.from(options.firstIdAgesNs);
    this.#step = Uint32Array.from(options.firstSteps);
    this.#membership = new Uint8Array(clients * plan.hashesPerWorker);
    this.#timeoutsInRow = new Uint8Array(clients);
    this.#lostAction = new Uint8Array(clients);
    const peerIds = new Uint8Array(clients * PEER_ID_BYTES);
    identities.forEach((identity, client) => {
      peerIds.set(identity.peerId, client * PEER_ID_BYTES);
    });
    this.#announce = {
      idHigh: 0,
      idLow: 0,
      transactionId: 0,
      hashes: options.pool,
      hashAt: 0,
      peerIds,
      peerIdAt: 0,
      downloadedBytes: 0,
      leftBytes: 0,
      uploadedBytes: 0,
      event: AnnounceEvent.none,
      key: 0,
      numWant: options.numWant,
      port: 0,
    };
  }

  /** The BEP 15 action that `client` takes next: the plan's, or a connect where it has no id or an old one. */
  nextAction(client: number, nowNs: Nanoseconds): number {
    if (nowNs - (this.#idSinceNs[client] as number) >= CONNECTION_ID_LIFE_NS) return Action.connect;
    return this.#plan.action[this.#step[client] as number] as number;
  }

  /** Writes the request for `action`, as {@link nextAction} gave it, at `at`. Returns its length in bytes. */
  write(client: number, action: number, transactionId: number, bytes: Uint8Array, at: number): number {
    if (action === Action.connect) return writeConnect(bytes, at, transactionId);
    const fields = this.#announce;
    fields.idHigh = this.#idHigh[client] as number;
    fields.idLow = this.#idLow[client] as number;
    fields.transactionId = transactionId;
    const firstHash = client * this.#plan.hashesPerWorker;
    if (action === Action.scrape) {
      return writeScrape(bytes, at, fields, this.#pool, this.#hashIndexes, firstHash, this.scrapedHashes);
    }
    const step = this.#step[client] as number;
    const hashIndex = this.#hashIndexes[firstHash + (this.#plan.hash[step] as number)] as number;
    fields.hashAt = hashIndex * INFO_HASH_BYTES;
    fields.peerIdAt = client * PEER_ID_BYTES;
    fields.key = this.#keys[client] as number;
    fields.port = this.#ports[client] as number;
    fields.event = this.#eventAt(client, step);
    this.#fillProgress(client, step, hashIndex);
    return writeAnnounce(bytes, at, fields);
  }

  /**
   * The request for `action` is on its way.
   *
   * @returns whether it repeats one that timed out
   */
  sent(client: number, action: number): boolean {
    const repeats = this.#lostAction[client] === action + 1;
    if (repeats) this.#lostAction[client] = 0;
    if (this.#openLoop) this.#advance(client, action);
    return repeats;
  }

  /** A connect was answered; it was sent at `sentNs`. */
  connected(client: number, idHigh: number, idLow: number, sentNs: Nanoseconds): void {
    this.#idHigh[client] = idHigh;
    this.#idLow[client] = idLow;
    this.#idSinceNs[client] = sentNs - (this.#nextIdAgeNs[client] as number);
    this.#nextIdAgeNs[client] = 0;
  }

  /** The request for `action` got a reply, whatever it says. */
  answered(client: number, action: number): void {
    this.#timeoutsInRow[client] = 0;
    if (!this.#openLoop) this.#advance(client, action);
  }

  /** The tracker does not accept the client's id (any more). */
  forgetId(client: number): void {
    this.#idSinceNs[client] = Number.NEGATIVE_INFINITY;
  }

  /** The request for `action` got no reply in time. */
  timedOut(client: number, action: number): void {
    const inRow = (this.#timeoutsInRow[client] as number) + 1;
    this.#timeoutsInRow[client] = inRow % TIMEOUTS_BEFORE_NEW_ID;
    if (inRow === TIMEOUTS_BEFORE_NEW_ID) this.forgetId(client);
    if (!this.#openLoop) this.#lostAction[client] = action + 1;
  }

  /** Goes one step on where the step was for `action`; a connect out of turn leaves the session where it is. */
  #advance(client: number, action: number): void {
    const step = this.#step[client] as number;
    if (this.#plan.action[step] !== action) return;
    if (action === Action.announce) this.#remember(client, step);
    this.#step[client] = step + 1 === this.#plan.steps ? 0 : step + 1;
  }

  #membershipAt(client: number, step: number): number {
    return client * this.#plan.hashesPerWorker + (this.#plan.hash[step] as number);
  }

  #isWhole(client: number, step: number): boolean {
    return this.#seeder[client] === 1 || (this.#plan.visit[step] as number) >= this.#plan.completeVisit;
  }

  #eventAt(client: number, step: number): AnnounceEvent {
    const flags = this.#membership[this.#membershipAt(client, step)] as number;
    if ((flags & Membership.started) === 0) return AnnounceEvent.started;
    if (this.#plan.lastVisit[step] === 1) return AnnounceEvent.stopped;
    // A client that starts with the whole file has completed nothing: `remember` marked it at its start.
    const completes = this.#isWhole(client, step) && (flags & Membership.complete) === 0;
    return completes ? AnnounceEvent.completed : AnnounceEvent.none;
  }

  #remember(client: number, step: number): void {
    const at = this.#membershipAt(client, step);
    if (this.#eventAt(client, step) === AnnounceEvent.stopped) {
      this.#membership[at] = 0;
      return;
    }
    this.#membership[at] = Membership.started | (this.#isWhole(client, step) ? Membership.complete : 0);
  }

  #fillProgress(client: number, step: number, hashIndex: number): void {
    const fields = this.#announce;
    const visit = this.#plan.visit[step] as number;
    if (this.#seeder[client] === 1) {
      fields.leftBytes = 0;
      fields.downloadedBytes = 0;
      fields.uploadedBytes = visit * SEEDER_UPLOAD_BYTES;
      return;
    }
    const sizeBytes = (1 + (hashIndex % SIZE_CLASSES)) * SIZE_UNIT_BYTES;
    const doneShare = Math.min(1, visit / this.#plan.completeVisit);
    fields.downloadedBytes = Math.floor(sizeBytes * doneShare);
    fields.leftBytes = sizeBytes - fields.downloadedBytes;
    fields.uploadedBytes = Math.floor(fields.downloadedBytes * LEECHER_UPLOAD_SHARE);
  }
}
