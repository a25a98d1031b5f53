/** Documents that are larger than a message: compressed, and in pieces, so that none holds Redis up for long. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Bytes } from '../../units.ts';
import { RUN_KEYS_LIFE_S } from './redis-keys.ts';

/** Redis serves one command at a time: 256 KiB are some tens of microseconds. */
const CHUNK_BYTES: Bytes = 256 * 1024;
/** Of a document: a bomb is not unpacked. */
const MOST_BYTES: Bytes = 512 * 1024 * 1024;

/** What is needed of a Redis client. */
export interface ListClient {
  rpush(key: string, value: Buffer): Promise<unknown>;
  lindexBuffer(key: string, index: number): Promise<Buffer | null>;
  expire(key: string, seconds: number): Promise<unknown>;
}

/** Writes a document as a list of pieces below `key`, which expires after an hour. Returns the number of pieces. */
export async function putChunks(client: ListClient, key: string, document: unknown): Promise<number> {
  const packed = await promisify(gzip)(JSON.stringify(document));
  let chunks = 0;
  for (let at = 0; at < packed.length; at += CHUNK_BYTES) {
    await client.rpush(key, packed.subarray(at, at + CHUNK_BYTES));
    if (chunks === 0) await client.expire(key, RUN_KEYS_LIFE_S);
    chunks++;
  }
  return chunks;
}

/**
 * Reads what {@link putChunks} wrote.
 *
 * @param chunks - what it returned
 * @param mostBytes - of the document, packed and unpacked. Default: 512 MiB
 * @throws Error where a piece is missing, or they are together no such document
 */
export async function getChunks(
  client: ListClient,
  key: string,
  chunks: number,
  mostBytes = MOST_BYTES,
): Promise<unknown> {
  const pieces: Buffer[] = [];
  let packedBytes = 0;
  for (let index = 0; index < chunks; index++) {
    const piece = await client.lindexBuffer(key, index);
    if (piece === null) throw new Error(`piece ${index + 1} of ${chunks} of ${key} is not there (any more)`);
    packedBytes += piece.length;
    if (packedBytes > mostBytes) throw new Error(`${key} has more than ${mostBytes} bytes`);
    pieces.push(piece);
  }
  const text = await promisify(gunzip)(Buffer.concat(pieces), { maxOutputLength: mostBytes });
  return JSON.parse(text.toString('utf8')) as unknown;
}
