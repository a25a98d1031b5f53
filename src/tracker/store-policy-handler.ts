/**
 * What a tracker with a store does where the store cannot be asked: it answers from the swarms that this instance keeps of
 * its own clients, or refuses with an error.
 */
import { INFO_HASH_BYTES } from '../wire/bep15.ts';
import { DatagramHandler, type DatagramState } from './handle-datagram.ts';
import { errorTexts, writeError } from './reply.ts';
import { createStoreCounters } from './store-counters.ts';
import type { AnnounceNote } from './swarm-store.ts';
import { NO_SWARM } from './swarm-table.ts';

/** What is done while the store cannot be asked. */
export type StoreOutage = 'serve-cache' | 'refuse';

export class StorePolicyHandler extends DatagramHandler {
  readonly storeCounters = createStoreCounters();
  private readonly cached: boolean;

  constructor(state: DatagramState, outage: StoreOutage) {
    super(state);
    this.cached = outage === 'serve-cache';
  }

  /** Answers an announce by the policy; the parameters are those of the announces of {@link DatagramHandler}. */
  protected announceWithoutStore(
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

  /** Answers a scrape by the policy. Zero is never said of a swarm that is merely not known here. */
  protected scrapeWithoutStore(
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

  /** Keeps a client that is served from the store, for the time when it cannot be asked. */
  protected noteLocally(request: Uint8Array, hashAt: number, note: AnnounceNote, stopped: boolean): void {
    if (!this.cached) {
      return;
    }
    if (stopped) {
      this.store.stop(request, hashAt, note.peer);
    } else {
      this.store.announce(request, hashAt, note);
    }
  }

  /** How many of the hashes are served. */
  protected listed(request: Uint8Array, hashAt: number, count: number): number {
    const { allowed } = this.state;
    let listed = 0;
    for (let entry = 0; entry < count; entry++) {
      listed += allowed === null || allowed.has(request, hashAt + entry * INFO_HASH_BYTES) ? 1 : 0;
    }
    return listed;
  }

  private refuse(request: Uint8Array, start: number, response: Uint8Array, at: number): number {
    this.state.counters['errors.storeUnavailable']++;
    return writeError(errorTexts.storeUnavailable, request, start, response, at);
  }
}
