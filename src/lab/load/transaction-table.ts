/**
 * Every request in flight and the recent past of those that are not, by transaction id. Pure: times are arguments.
 *
 * Ids are consecutive, so the table is a ring indexed by the id's low bits, in order of sending. Each request is
 * resolved once: by {@link TransactionTable.take} or by {@link TransactionTable.nextExpired}.
 */
import type { Nanoseconds } from '../../units.ts';

/** Answers of {@link TransactionTable.take} for a reply that resolves no request; all are below 0. */
export const Stray = { late: -1, duplicate: -2, unknown: -3 } as const;

const State = { free: 0, pending: 1, answered: 2, timedOut: 3 } as const;

/**
 * Slots at the start. Half of them is the least number of later requests during which a duplicate is still told from
 * an unknown reply.
 */
const FIRST_CAPACITY = 1 << 16;

export class TransactionTable {
  /** Column `slot` holds what {@link add} was given; valid until the next `add`. */
  worker: Uint32Array;
  operation: Uint8Array;
  phase: Uint8Array;
  /** The moment the request was due: the reply before it (closed loop) or its place on the grid (open loop). */
  dueNs: Float64Array;
  /** The moment it was handed to the socket. */
  sentNs: Float64Array;
  #ids: Uint32Array;
  #state: Uint8Array;
  #mask: number;
  /** The id that the next request gets. */
  #head: number;
  /** No request with an older id is pending. */
  #tail: number;
  #pending = 0;

  /**
   * @param firstId - transaction id of the first request
   * @param capacity - slots to begin with, a power of two; the table doubles itself so that what is pending and as
   * much again of the past fit
   */
  constructor(firstId: number, capacity: number = FIRST_CAPACITY) {
    this.worker = new Uint32Array(capacity);
    this.operation = new Uint8Array(capacity);
    this.phase = new Uint8Array(capacity);
    this.dueNs = new Float64Array(capacity);
    this.sentNs = new Float64Array(capacity);
    this.#ids = new Uint32Array(capacity);
    this.#state = new Uint8Array(capacity);
    this.#mask = capacity - 1;
    this.#head = firstId >>> 0;
    this.#tail = this.#head;
  }

  /** Requests that are neither answered nor timed out. */
  get pending(): number {
    return this.#pending;
  }

  /** The id that the next {@link add} returns. */
  get nextId(): number {
    return this.#head;
  }

  /** Notes a request as pending and sent at `dueNs` (until {@link stampSent} knows better). Returns its transaction id. */
  add(worker: number, operation: number, phase: number, dueNs: Nanoseconds): number {
    if ((this.#head - this.#tail) >>> 0 > this.#mask >>> 1) this.#makeRoom();
    const id = this.#head;
    const slot = id & this.#mask;
    this.#ids[slot] = id;
    this.#state[slot] = State.pending;
    this.worker[slot] = worker;
    this.operation[slot] = operation;
    this.phase[slot] = phase;
    this.dueNs[slot] = dueNs;
    this.sentNs[slot] = dueNs;
    this.#head = (id + 1) >>> 0;
    this.#pending++;
    return id;
  }

  /** The slot of request `id`, which was added a moment ago. */
  slotOf(id: number): number {
    return id & this.#mask;
  }

  /** Sets the time of sending of all requests from `firstId` to the newest. */
  stampSent(firstId: number, nowNs: Nanoseconds): void {
    for (let id = firstId; id !== this.#head; id = (id + 1) >>> 0) this.sentNs[id & this.#mask] = nowNs;
  }

  /**
   * Resolves the request that a reply with this id answers.
   *
   * @returns its slot, or a value of {@link Stray} where the reply answers no pending request
   */
  take(id: number): number {
    const slot = id & this.#mask;
    const state = this.#state[slot] as number;
    if (this.#ids[slot] !== id || state === State.free) return Stray.unknown;
    if (state === State.pending) {
      this.#state[slot] = State.answered;
      this.#pending--;
      return slot;
    }
    return state === State.timedOut ? Stray.late : Stray.duplicate;
  }

  /**
   * Resolves the oldest request that was sent at or before `limitNs` and is still pending as timed out. Call it until
   * it answers -1; each call goes on where the last one stopped.
   *
   * @returns its slot, or -1 where there is none
   */
  nextExpired(limitNs: Nanoseconds): number {
    this.#skipResolved();
    if (this.#tail === this.#head) return -1;
    const slot = this.#tail & this.#mask;
    if ((this.sentNs[slot] as number) > limitNs) return -1;
    this.#state[slot] = State.timedOut;
    this.#pending--;
    this.#tail = (this.#tail + 1) >>> 0;
    return slot;
  }

  #skipResolved(): void {
    while (this.#tail !== this.#head && this.#state[this.#tail & this.#mask] !== State.pending) {
      this.#tail = (this.#tail + 1) >>> 0;
    }
  }

  #makeRoom(): void {
    this.#skipResolved();
    if ((this.#head - this.#tail) >>> 0 <= this.#mask >>> 1) return;
    const old = {
      worker: this.worker,
      operation: this.operation,
      phase: this.phase,
      dueNs: this.dueNs,
      sentNs: this.sentNs,
      ids: this.#ids,
      state: this.#state,
    };
    const capacity = 2 * old.ids.length;
    this.worker = new Uint32Array(capacity);
    this.operation = new Uint8Array(capacity);
    this.phase = new Uint8Array(capacity);
    this.dueNs = new Float64Array(capacity);
    this.sentNs = new Float64Array(capacity);
    this.#ids = new Uint32Array(capacity);
    this.#state = new Uint8Array(capacity);
    this.#mask = capacity - 1;
    for (let from = 0; from < old.ids.length; from++) {
      const slot = (old.ids[from] as number) & this.#mask;
      if (old.state[from] === State.free) continue;
      this.#ids[slot] = old.ids[from] as number;
      this.#state[slot] = old.state[from] as number;
      this.worker[slot] = old.worker[from] as number;
      this.operation[slot] = old.operation[from] as number;
      this.phase[slot] = old.phase[from] as number;
      this.dueNs[slot] = old.dueNs[from] as number;
      this.sentNs[slot] = old.sentNs[from] as number;
    }
  }
}
