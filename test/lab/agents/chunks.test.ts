import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { getChunks, type ListClient, putChunks } from '../../../src/lab/agents/chunks.ts';

class Lists implements ListClient {
  readonly lists = new Map<string, Buffer[]>();
  readonly lives = new Map<string, number>();

  async rpush(key: string, value: Buffer): Promise<void> {
    this.lists.set(key, [...(this.lists.get(key) ?? []), Buffer.from(value)]);
  }
  async lindexBuffer(key: string, index: number): Promise<Buffer | null> {
    return this.lists.get(key)?.[index] ?? null;
  }
  async expire(key: string, seconds: number): Promise<void> {
    this.lives.set(key, seconds);
  }
}

let redis: Lists;
beforeEach(() => {
  redis = new Lists();
});

describe('a document in pieces', () => {
  it('larger than any message comes back whole, in pieces that none holds Redis up, and expires', async () => {
    // A profile of 3 MB: nothing in it is worth compressing.
    const document = { profile: randomBytes(3e6).toString('base64'), empty: null };
    const chunks = await putChunks(redis, 'k', document);
    const pieces = redis.lists.get('k') ?? [];
    expect(chunks).toBe(pieces.length);
    expect(chunks).toBeGreaterThan(10);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(256 * 1024);
    expect(redis.lives.get('k')).toBeGreaterThan(60);
    expect(await getChunks(redis, 'k', chunks)).toEqual(document);
  });

  it('that has lost one is an error and no shorter document', async () => {
    const chunks = await putChunks(redis, 'k', { bytes: randomBytes(1e6).toString('base64') });
    redis.lists.get('k')?.pop();
    await expect(getChunks(redis, 'k', chunks)).rejects.toThrow(
      `piece ${chunks} of ${chunks} of k is not there`,
    );
  });

  it('that has no end, or unpacks to more than it may, is an error before the memory is full', async () => {
    redis.lists.set('k', [gzipSync(JSON.stringify('x'.repeat(100_000)))]);
    await expect(getChunks(redis, 'k', 1, 50_000)).rejects.toThrow(RangeError);
    redis.lists.set(
      'k',
      Array.from({ length: 20 }, () => Buffer.alloc(10_000)),
    );
    await expect(getChunks(redis, 'k', 20, 50_000)).rejects.toThrow('k has more than 50000 bytes');
  });

  it('that is no such document is an error', async () => {
    redis.lists.set('k', [Buffer.from('hello')]);
    await expect(getChunks(redis, 'k', 1)).rejects.toThrow();
    redis.lists.set('k', [gzipSync('{"half":')]);
    await expect(getChunks(redis, 'k', 1)).rejects.toThrow(SyntaxError);
  });
});
