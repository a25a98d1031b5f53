/**
 * Requests that wait for the store's answer: whom to answer, what was asked, and until when. A fixed number of places,
 * each made when it is first needed and used again, so that a store that does not answer costs bounded memory. Pure.
 */
import {
  ANNOUNCE_REQUEST_BYTES,
  MAX_SCRAPE_HASHES,
  PEER_BYTES_IPV6,
  SCRAPE_ENTRY_BYTES,
} from '../wire/bep15.ts';
import { SOCKET_ADDRESS_STRIDE } from '../wire/socket-address.ts';
import type { AddressFamily } from '../wire/udp-socket.ts';

/** Requests that wait at a time. At 1 ms each they are 4 million a second; at a second of silence, 4,096 a second. */
export const MOST_WAITING = 4096;

/** A request that waits. */
export interface WaitingRequest {
  /** Another one each time that the place is taken; 0: it is free. */
  number: number;
  deadlineMs: number;
  kind: 'announce' | 'scrape';
  family: AddressFamily;
  readonly sender: Uint8Array;
  /** The request's first bytes: all of an announce that matters, or head and hashes of a scrape. */
  request: Uint8Array;
  /** Of an announce: what its note says. */
  readonly peer: Uint8Array;
  seeder: boolean;
  completed: boolean;
  stopped: boolean;
  wanted: number;
  /** Of a scrape: how many hashes it has, how many answers are missing, and the entries so far. */
  hashes: number;
  missing: number;
  entries: Uint8Array;
}

export class StoreDesk {
  private readonly places: WaitingRequest[] = [];
  private readonly free: WaitingRequest[] = [];
  private lastNumber = 0;

  /** How many wait. */
  get waiting(): number {
    return this.places.length - this.free.length;
  }

  /**
   * A place for one more.
   *
   * @param deadlineMs - by the clock of {@link overdue}
   * @returns null where all are taken
   */
  take(deadlineMs: number): WaitingRequest | null {
    const place = this.free.pop() ?? this.addPlace();
    if (place !== null) {
      this.lastNumber++;
      place.number = this.lastNumber;
      place.deadlineMs = deadlineMs;
    }
    return place;
  }

  /** Frees a place; answers that come for it later meet another number. */
  release(place: WaitingRequest): void {
    place.number = 0;
    this.free.push(place);
  }

  /** Those whose time is over at `nowMs`. */
  overdue(nowMs: number): WaitingRequest[] {
    return this.waiting === 0
      ? []
      : this.places.filter(({ number, deadlineMs }) => number !== 0 && deadlineMs <= nowMs);
  }

  private addPlace(): WaitingRequest | null {
    if (this.places.length === MOST_WAITING) {
      return null;
    }
    const place = createPlace();
    this.places.push(place);
    return place;
  }
}

function createPlace(): WaitingRequest {
  return {
    number: 0,
    deadlineMs: 0,
    kind: 'announce',
    family: 4,
    sender: new Uint8Array(SOCKET_ADDRESS_STRIDE),
    request: new Uint8Array(ANNOUNCE_REQUEST_BYTES),
    peer: new Uint8Array(PEER_BYTES_IPV6),
    seeder: false,
    completed: false,
    stopped: false,
    wanted: 0,
    hashes: 0,
    missing: 0,
    entries: new Uint8Array(0),
  };
}

/** Makes room for a scrape: places of announces do without. */
export function growForScrape(place: WaitingRequest, requestBytes: number): void {
  if (place.request.length < requestBytes) {
    place.request = new Uint8Array(requestBytes);
  }
  if (place.entries.length === 0) {
    place.entries = new Uint8Array(MAX_SCRAPE_HASHES * SCRAPE_ENTRY_BYTES);
  }
  place.entries.fill(0);
}
