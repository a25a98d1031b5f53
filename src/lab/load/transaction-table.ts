/**
 * Every request in flight and the recent past of those that are not, by transaction id. Pure: times are arguments.
 *
 * Ids are signed numbers of 32 bits, which V8 holds without a box. They are consecutive, so the table is a ring indexed by the id's low bits, in order of sending. Each request is
 * resolved once: by {@link TransactionTable.take} or by {@link TransactionTable.nextExpired}.
 *
 * The past is kept for a while: a late reply is told from an unknown one until at least as many requests were sent after
 * its time-out as before it, so up to twice the time-out at a steady rate.
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
  #ids: Int32Array;
  #state: Uint8Array;
  #mask: number;
  /** The id that the next request gets. */
  #head: number;
  /** No request with an older id is pending. */
  #tail: number;
  #pending = 0;

  /**
   * @param firstId - transaction id of the first request; of a number beyond 32 bits its lowest
   * @param capacity - slots to begin with, a power of two; the table doubles itself so that what is pending and as
   * much again of the past fit
   */
  constructor(firstId: number, capacity: number = FIRST_CAPACITY) {
    this.worker = new Uint32Array(capacity);
    this.operation = new Uint8Array(capacity);
    this.phase = new Uint8Array(capacity);
    this.dueNs = new Float64Array(capacity);
    this.sentNs = new Float64Array(capacity);
    this.#ids = new Int32Array(capacity);
    this.#state = new Uint8Array(capacity);
    this.#mask = capacity - 1;
    this.#head = firstId | 0;
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
    this.#head = (id + 1) | 0;
    this.#pending++;
    return id;
  }

  /** The slot of request `id`, which was added a moment ago. */
  slotOf(id: number): number {
    return id & this.#mask;
  }

  /** Sets the time of sending of all requests from `firstId` to the newest. */
  stampSent(firstId: number, nowNs: Nanoseconds): void {
    for (let id = firstId; id !== this.#head; id = (id + 1) | 0) this.sentNs[id & this.#mask] = nowNs;
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
    this.#tail = (this.#tail + 1) | 0;
    return slot;
  }

  #skipResolved(): void {
    while (this.#tail !== this.#head && this.#state[this.#tail & this.#mask] !== State.pending) {
      this.#tail = (this.#tail + 1) | 0;
    }
  }

  #makeRoom(): void {
    this.#skipResolved();
    if ((this.#head - this.#tail) >>> 0 <= this.#mask >>> 1) return;
    const capacity = this.#mask + 1;
    // Ids are consecutive, so the slots before the head's hold the ring's present lap and the others the lap before:
    // in a ring of twice the size these are two runs, a capacity apart.
    const inLap = this.#head & this.#mask;
    const lapAt = (this.#head - inLap) & (2 * capacity - 1);
    const widen = <Column extends Uint8Array | Uint32Array | Int32Array | Float64Array>(
      from: Column,
      to: Column,
    ): Column => {
      to.set(from.subarray(0, inLap), lapAt);
      to.set(from.subarray(inLap), (lapAt ^ capacity) + inLap);
      return to;
    };
    this.worker = widen(this.worker, new Uint32Array(2 * capacity));
    this.operation = widen(this.operation, new Uint8Array(2 * capacity));
    this.phase = widen(this.phase, new Uint8Array(2 * capacity));
    this.dueNs = widen(this.dueNs, new Float64Array(2 * capacity));
    this.sentNs = widen(this.sentNs, new Float64Array(2 * capacity));
    this.#ids = widen(this.#ids, new Int32Array(2 * capacity));
    this.#state = widen(this.#state, new Uint8Array(2 * capacity));
    this.#mask = 2 * capacity - 1;
  }
}
