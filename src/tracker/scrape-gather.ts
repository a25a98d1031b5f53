/**
 * Answers scrapes whose hashes belong to several workers. The own handler has answered from its own swarms; the
 * entries of the others are asked for, one message a worker and batch, and written into that answer, which goes out
 * when all have come. Pure but for what it is given.
 *
 * What cannot be had is never told as zero: after {@link MOST_WAIT_MS}, or where too many scrapes wait already, the
 * client gets an error. Zero is said of swarms of a worker that has died, since they are gone.
 */
import {
  Action,
  ERROR_HEAD_BYTES,
  INFO_HASH_BYTES,
  MAX_SCRAPE_HASHES,
  RequestOffset,
  ResponseOffset,
  readUint32,
  SCRAPE_ENTRY_BYTES,
  SCRAPE_HEAD_RESPONSE_BYTES,
  writeUint32,
} from '../wire/bep15.ts';
import { SOCKET_ADDRESS_STRIDE } from '../wire/socket-address.ts';
import { shardOf } from '../wire/steering-program.ts';
import type { AddressFamily } from '../wire/udp-socket.ts';
import type { TrackerCounters } from './counters.ts';
import { copyBytes } from './move-bytes.ts';
import { errorTexts } from './reply.ts';

/** Scrapes that wait at a time; about 1 MiB. */
const MOST_WAITING = 1024;
/** A worker that has not answered by then is stuck; a client sends again after 15 s (BEP 15). */
const MOST_WAIT_MS = 1000;
/** Entries asked for in one message. */
const MOST_ASKED = 1024;
const FAMILY_BIT = 0x100;
const WORD_BYTES = 4;
/** Words of an entry in a question: number of the scrape, which of its entries (and {@link FAMILY_BIT}), the hash. */
const QUESTION_WORDS = 2 + INFO_HASH_BYTES / WORD_BYTES;
/** Words of an entry in an answer: number of the scrape, which of its entries, the entry as it stands in a reply. */
const ANSWER_WORDS = 2 + SCRAPE_ENTRY_BYTES / WORD_BYTES;
/** Where hash or entry stand. */
const CONTENT_WORD = 2;
const REPLY_BYTES = SCRAPE_HEAD_RESPONSE_BYTES + MAX_SCRAPE_HASHES * SCRAPE_ENTRY_BYTES;
/** In {@link Waiting.missing}: the entry is there. */
const NOT_MISSING = -1;

/**
 * Entries that are asked for, or given. A single array, because posting costs a few microseconds for each object in a
 * message: the first word says which of the two it is, {@link QUESTION_WORDS} or {@link ANSWER_WORDS} for each entry
 * follow.
 */
export type GatherMessage = Uint32Array;

const Kind = { question: 0, answer: 1 } as const;

export interface ScrapeGatherOptions {
  readonly shard: number;
  readonly shards: number;
  readonly counters: TrackerCounters;
  /** Writes the entry of the hash at `hashAt` from the own swarms. */
  readonly writeEntry: (
    family: AddressFamily,
    hashes: Uint8Array,
    hashAt: number,
    target: Uint8Array,
    at: number,
  ) => void;
  /** False where that worker is not there. */
  readonly post: (shard: number, message: GatherMessage) => boolean;
  /** Sends `length` bytes of `reply` to a sender that {@link SenderKeeper.copySender} kept. */
  readonly send: (sender: Uint8Array, reply: Uint8Array, length: number) => void;
}

/** The part of a socket that keeps whom to answer later. */
export interface SenderKeeper {
  copySender(index: number, target: Uint8Array): void;
}

/** A scrape of which entries are missing. */
interface Waiting {
  number: number;
  left: number;
  deadlineMs: number;
  length: number;
  readonly sender: Uint8Array;
  readonly reply: Uint8Array;
  /** By entry: the shard that it is asked of. */
  readonly missing: Int16Array;
}

/** What is to be asked of one shard: a message with room for {@link MOST_ASKED}. */
interface Outbox {
  count: number;
  readonly words: Uint32Array;
  /** The same memory. */
  readonly bytes: Uint8Array;
}

export class ScrapeGather {
  private readonly options: ScrapeGatherOptions;
  /** Scrape `number` waits in place `number % MOST_WAITING`. */
  private readonly waiting: (Waiting | undefined)[] = new Array(MOST_WAITING);
  /** By shard. */
  private readonly outboxes: readonly Outbox[];
  private lastNumber = 0;
  private nowMs = 0;

  constructor(options: ScrapeGatherOptions) {
    this.options = options;
    this.outboxes = Array.from({ length: options.shards }, createOutbox);
  }

  /** Sets the time of the calls that follow. @param nowMs - monotonic clock */
  setTime(nowMs: number): void {
    this.nowMs = nowMs;
  }

  /**
   * Takes a scrape over that the handler answered, where entries of others are in it.
   *
   * @param hashAt - where the request's hashes begin
   * @param index - of the request in its batch
   * @param at - where the answer stands in `response`, `length` bytes
   * @returns length of what is to be sent now; 0: the answer will follow
   */
  settle(
    request: Uint8Array,
    hashAt: number,
    family: AddressFamily,
    keeper: SenderKeeper,
    index: number,
    response: Uint8Array,
    at: number,
    length: number,
  ): number {
    const { shard, shards, counters } = this.options;
    const entries = (length - SCRAPE_HEAD_RESPONSE_BYTES) / SCRAPE_ENTRY_BYTES;
    let waiting: Waiting | null = null;
    for (let entry = 0; entry < entries; entry++) {
      const from = hashAt + entry * INFO_HASH_BYTES;
      const owner = shardOf(request, from, shards);
      if (owner === shard) {
        continue;
      }
      if (waiting === null) {
        waiting = this.open();
        if (waiting === null) {
          counters['errors.scrapeUnfinished']++;
          return writeUnfinished(response, at);
        }
        waiting.length = length;
        copyBytes(response, at, waiting.reply, 0, length);
        keeper.copySender(index, waiting.sender);
      }
      this.ask(waiting, entry, owner, family, request, from);
    }
    if (waiting === null) {
      return length;
    }
    counters.scrapesGathered++;
    waiting.left--;
    return waiting.left === 0 ? length : 0;
  }

  /** Posts what {@link settle} has noted. Call it after each batch. */
  flush(): void {
    for (let owner = 0; owner < this.outboxes.length; owner++) {
      this.postOutbox(owner, this.outboxes[owner] as Outbox);
    }
  }

  /** Takes what another worker has posted. */
  receive(from: number, message: GatherMessage): void {
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
    if (message[0] === Kind.question) {
      this.options.post(from, this.answer(message, bytes));
      return;
    }
    for (let word = 1; word < message.length; word += ANSWER_WORDS) {
      const at = WORD_BYTES * (word + CONTENT_WORD);
      this.fill(from, message[word] as number, message[word + 1] as number, bytes, at);
    }
  }

  /** A worker is gone, and its swarms with it: their entries stay zero. */
  lose(shard: number): void {
    for (const waiting of this.waiting) {
      if (waiting !== undefined && waiting.left > 0) {
        for (let entry = 0; entry < MAX_SCRAPE_HASHES && waiting.left > 0; entry++) {
          if (waiting.missing[entry] === shard) {
            this.settleEntry(waiting, entry);
          }
        }
      }
    }
  }

  /** Gives up what has waited for too long. @param all - gives up all that wait */
  expire(all = false): void {
    for (const waiting of this.waiting) {
      if (waiting !== undefined && waiting.left > 0 && (all || waiting.deadlineMs < this.nowMs)) {
        waiting.left = 0;
        this.options.counters['errors.scrapeUnfinished']++;
        this.options.send(waiting.sender, waiting.reply, writeUnfinished(waiting.reply, 0));
      }
    }
  }

  /** A place for one more scrape; null where all are taken. */
  private open(): Waiting | null {
    const number = (this.lastNumber + 1) >>> 0;
    const place = number % MOST_WAITING;
    const waiting = this.waiting[place] ?? createWaiting();
    if (waiting.left > 0) {
      return null;
    }
    this.waiting[place] = waiting;
    this.lastNumber = number;
    waiting.number = number;
    // One for the scrape itself: it must not go out while its entries are still being asked for.
    waiting.left = 1;
    waiting.deadlineMs = this.nowMs + MOST_WAIT_MS;
    waiting.missing.fill(NOT_MISSING);
    return waiting;
  }

  private ask(
    waiting: Waiting,
    entry: number,
    owner: number,
    family: AddressFamily,
    request: Uint8Array,
    hashAt: number,
  ): void {
    const outbox = this.outboxes[owner] as Outbox;
    if (outbox.count === MOST_ASKED) {
      this.postOutbox(owner, outbox);
    }
    const word = 1 + QUESTION_WORDS * outbox.count;
    outbox.words[word] = waiting.number;
    outbox.words[word + 1] = family === 4 ? entry : entry | FAMILY_BIT;
    copyBytes(request, hashAt, outbox.bytes, WORD_BYTES * (word + CONTENT_WORD), INFO_HASH_BYTES);
    outbox.count++;
    waiting.missing[entry] = owner;
    waiting.left++;
  }

  private postOutbox(owner: number, outbox: Outbox): void {
    const { count } = outbox;
    if (count === 0) {
      return;
    }
    outbox.count = 0;
    if (!this.options.post(owner, outbox.words.slice(0, 1 + QUESTION_WORDS * count))) {
      this.lose(owner);
    }
  }

  private answer(question: GatherMessage, bytes: Uint8Array): GatherMessage {
    const count = (question.length - 1) / QUESTION_WORDS;
    const answer = new Uint32Array(1 + ANSWER_WORDS * count);
    const target = new Uint8Array(answer.buffer);
    answer[0] = Kind.answer;
    for (let index = 0; index < count; index++) {
      const asked = 1 + QUESTION_WORDS * index;
      const given = 1 + ANSWER_WORDS * index;
      const place = question[asked + 1] as number;
      answer[given] = question[asked] as number;
      answer[given + 1] = place & ~FAMILY_BIT;
      const hashAt = WORD_BYTES * (asked + CONTENT_WORD);
      const family = (place & FAMILY_BIT) === 0 ? 4 : 6;
      this.options.writeEntry(family, bytes, hashAt, target, WORD_BYTES * (given + CONTENT_WORD));
    }
    return answer;
  }

  private fill(from: number, number: number, entry: number, entries: Uint8Array, at: number): void {
    const waiting = this.waiting[number % MOST_WAITING];
    // It was given up, and its place may serve another scrape by now.
    if (waiting === undefined || waiting.number !== number || waiting.missing[entry] !== from) {
      return;
    }
    if (waiting.left > 0) {
      const to = ResponseOffset.scrapeEntries + entry * SCRAPE_ENTRY_BYTES;
      copyBytes(entries, at, waiting.reply, to, SCRAPE_ENTRY_BYTES);
      this.settleEntry(waiting, entry);
    }
  }

  private settleEntry(waiting: Waiting, entry: number): void {
    waiting.missing[entry] = NOT_MISSING;
    waiting.left--;
    if (waiting.left === 0) {
      this.options.send(waiting.sender, waiting.reply, waiting.length);
    }
  }
}

/** Whether the answer at `at` is one to a scrape; its request may need {@link ScrapeGather.settle}. */
export function isScrapeReply(response: Uint8Array, at: number): boolean {
  return readUint32(response, at + ResponseOffset.action) === Action.scrape;
}

/** Where the hashes of the request at `start` begin. */
export function scrapeHashesAt(start: number): number {
  return start + RequestOffset.infoHash;
}

function createWaiting(): Waiting {
  return {
    number: 0,
    left: 0,
    deadlineMs: 0,
    length: 0,
    sender: new Uint8Array(SOCKET_ADDRESS_STRIDE),
    reply: new Uint8Array(REPLY_BYTES),
    missing: new Int16Array(MAX_SCRAPE_HASHES),
  };
}

function createOutbox(): Outbox {
  const words = new Uint32Array(1 + QUESTION_WORDS * MOST_ASKED);
  words[0] = Kind.question;
  return { count: 0, words, bytes: new Uint8Array(words.buffer) };
}

/** Makes an error of a scrape reply; its transaction id stays. @returns its length in bytes */
function writeUnfinished(response: Uint8Array, at: number): number {
  writeUint32(response, at + ResponseOffset.action, Action.error);
  response.set(errorTexts.scrapeUnfinished, at + ResponseOffset.errorText);
  return ERROR_HEAD_BYTES + errorTexts.scrapeUnfinished.length;
}
