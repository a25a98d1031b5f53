import { describe, expect, it } from 'vitest';
import { createCounters } from '../../src/tracker/counters.ts';
import { type GatherMessage, ScrapeGather } from '../../src/tracker/scrape-gather.ts';

const TRANSACTION = 0x0a0b0c0d;

/** Worker `shard` of 3; its own entries are the hash's first word, thrice. */
class Worker {
  readonly counters = createCounters();
  readonly posted: { to: number; message: GatherMessage }[] = [];
  readonly sent: { sender: number; words: number[]; text: string }[] = [];
  readonly gone = new Set<number>();
  readonly gather: ScrapeGather;

  constructor(shard: number) {
    this.gather = new ScrapeGather({
      shard,
      shards: 3,
      counters: this.counters,
      writeEntry: (family, hashes, hashAt, target, at) => {
        const value = Buffer.from(hashes).readUInt32BE(hashAt) + (family === 4 ? 0 : 1000);
        for (const word of [0, 4, 8]) new DataView(target.buffer).setUint32(at + word, value);
      },
      post: (to, message) => {
        if (this.gone.has(to)) return false;
        this.posted.push({ to, message });
        return true;
      },
      send: (sender, reply, length) => {
        const bytes = Buffer.from(reply.subarray(0, length));
        this.sent.push({
          sender: sender[0] as number,
          words: wordsOf(bytes),
          text: bytes.toString('latin1', 8),
        });
      },
    });
    this.gather.setTime(0);
  }

  /** What goes out at once: words of the reply, or none. Own entries are 7, as if by the handler. */
  scrape(hashes: readonly number[], { family = 4 as 4 | 6, sender = 1 } = {}): number[] {
    const request = Buffer.alloc(5 + 20 * hashes.length);
    const response = Buffer.alloc(3 + 8 + 12 * hashes.length);
    response.writeUInt32BE(2, 3);
    response.writeUInt32BE(TRANSACTION, 7);
    hashes.forEach((hash, entry) => {
      request.writeUInt32BE(hash, 5 + 20 * entry);
      if (hash % 3 === 0) for (const at of [0, 4, 8]) response.writeUInt32BE(7, 11 + 12 * entry + at);
    });
    const keeper = { copySender: (index: number, target: Uint8Array) => target.fill(index) };
    const room = Buffer.concat([response, Buffer.alloc(200)]);
    const length = this.gather.settle(request, 5, family, keeper, sender, room, 3, response.length - 3);
    return wordsOf(room.subarray(3, 3 + length - (length % 4)));
  }

  /** Has the question answered that was posted first to that shard. */
  answerOf(shard: number, from = new Worker(shard)): GatherMessage {
    const at = this.posted.findIndex(({ to }) => to === shard);
    const [question] = this.posted.splice(at, 1);
    from.gather.receive(0, question?.message as GatherMessage);
    expect(from.posted[0]?.to).toBe(0);
    return from.posted[0]?.message as GatherMessage;
  }
}

function wordsOf(bytes: Buffer): number[] {
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, word) => bytes.readUInt32BE(4 * word));
}

const times3 = (...values: number[]): number[] => values.flatMap((value) => [value, value, value]);

describe('the gathering of a scrape', () => {
  it('leaves one alone whose hashes are all its own', () => {
    const worker = new Worker(0);
    expect(worker.scrape([3, 6])).toEqual([2, TRANSACTION, ...times3(7, 7)]);
    worker.gather.flush();
    expect(worker.posted).toEqual([]);
    expect(worker.counters.scrapesGathered).toBe(0);
  });

  it('puts the entries of the others in the order of the request', () => {
    const worker = new Worker(0);
    expect(worker.scrape([5, 3, 1, 2, 4, 2], { sender: 9 })).toEqual([]);
    expect(worker.posted).toEqual([]);
    worker.gather.flush();
    expect(worker.posted.map(({ to }) => to).sort()).toEqual([1, 2]);
    worker.gather.receive(2, worker.answerOf(2));
    expect(worker.sent).toEqual([]);
    worker.gather.receive(1, worker.answerOf(1));
    expect(worker.sent).toMatchObject([{ sender: 9, words: [2, TRANSACTION, ...times3(5, 7, 1, 2, 4, 2)] }]);
    expect(worker.counters.scrapesGathered).toBe(1);
  });

  it('asks each worker once for all scrapes of a batch, of both families', () => {
    const worker = new Worker(0);
    worker.scrape([1, 4], { sender: 1 });
    worker.scrape([7], { sender: 2 });
    worker.scrape([1], { family: 6, sender: 3 });
    worker.gather.flush();
    worker.gather.flush();
    expect(worker.posted.map(({ to }) => to)).toEqual([1]);
    worker.gather.receive(1, worker.answerOf(1));
    expect(worker.sent.map(({ sender, words }) => [sender, words.slice(2)])).toEqual([
      [1, times3(1, 4)],
      [2, times3(7)],
      [3, times3(1001)],
    ]);
  });

  it('asks in several messages where one cannot hold all', () => {
    const worker = new Worker(0);
    const many = Array.from({ length: 74 }, (_, entry) => 3 * entry + 1);
    for (let sender = 0; sender < 30; sender++) worker.scrape(many, { sender });
    worker.gather.flush();
    expect(worker.posted).toHaveLength(3);
    while (worker.posted.length > 0) worker.gather.receive(1, worker.answerOf(1));
    expect(worker.sent).toHaveLength(30);
    expect(
      worker.sent.every(({ words }) => words.join() === [2, TRANSACTION, ...times3(...many)].join()),
    ).toBe(true);
  });

  it('says zero of the swarms of a worker that is gone', () => {
    const worker = new Worker(0);
    worker.scrape([1, 2, 3]);
    worker.gather.flush();
    worker.gather.receive(1, worker.answerOf(1));
    worker.gather.lose(2);
    expect(worker.sent).toMatchObject([{ words: [2, TRANSACTION, ...times3(1, 0, 7)] }]);
    worker.gone.add(2);
    worker.scrape([5], { sender: 4 });
    worker.gather.flush();
    expect(worker.sent[1]).toMatchObject({ sender: 4, words: [2, TRANSACTION, ...times3(0)] });
  });

  it('survives that a worker goes while its question is written', () => {
    const worker = new Worker(0);
    worker.gone.add(1);
    const many = Array.from({ length: 74 }, (_, entry) => 3 * entry + 1);
    const replies = Array.from({ length: 14 }, () => worker.scrape(many).length);
    worker.gather.flush();
    expect(worker.sent.length + replies.filter((words) => words > 0).length).toBe(14);
    expect(worker.sent.every(({ words }) => words.slice(2).every((word) => word === 0))).toBe(true);
  });

  it('answers with an error what took too long, and takes a late answer for nothing else', () => {
    const worker = new Worker(0);
    worker.scrape([1]);
    worker.gather.flush();
    worker.gather.setTime(1000);
    worker.gather.expire();
    expect(worker.sent).toEqual([]);
    worker.gather.setTime(1001);
    worker.gather.expire();
    expect(worker.sent).toMatchObject([{ words: expect.arrayContaining([3, TRANSACTION]) }]);
    expect(worker.sent[0]?.text).toContain('scrape again');
    expect(worker.counters['errors.scrapeUnfinished']).toBe(1);
    worker.gather.receive(1, worker.answerOf(1));
    worker.gather.expire();
    expect(worker.sent).toHaveLength(1);
  });

  it('answers with an error at once where too many wait', () => {
    const worker = new Worker(0);
    for (let sender = 0; sender < 1024; sender++) expect(worker.scrape([1])).toEqual([]);
    expect(worker.scrape([1]).slice(0, 2)).toEqual([3, TRANSACTION]);
    expect(worker.scrape([3])).toEqual([2, TRANSACTION, ...times3(7)]);
    worker.gather.lose(1);
    expect(worker.sent).toHaveLength(1024);
    expect(worker.scrape([1])).toEqual([]);
  });

  it('gives up all that waits when the tracker stops', () => {
    const worker = new Worker(0);
    worker.scrape([1]);
    worker.gather.expire(true);
    expect(worker.sent).toHaveLength(1);
  });
});
