/** The way to Redis: one client for short commands, and what BullMQ makes its own clients from. */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { LabError } from '../../errors.ts';
import type { Milliseconds } from '../../units.ts';
import { loadRedisPackages, type RedisPackages } from './redis-packages.ts';
import { parseRedisUrl } from './redis-url.ts';

/** A command that takes longer has failed: silence has to be noticed within two seconds. */
const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RETRY_MS = 500;
/** What an orderly end may take where Redis does not answer any more. */
const CLOSE_GRACE_MS = 1_000;

/** What both packages make a client from. */
interface RedisConnection {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly ca?: Buffer };
  /** Of RESP. */
  readonly protocol: 2;
  readonly connectTimeout: Milliseconds;
  readonly maxRetriesPerRequest: null;
  readonly retryStrategy: (times: number) => Milliseconds | null;
}

/**
 * Clients that BullMQ has made, by the strategy that they have of their link. It keeps them to itself, and its own `close` first says
 * good-bye: where the other side has gone without a word, that would keep the process for good.
 */
const madeByBullmq = new WeakMap<object, Set<Redis>>();

export interface RedisLink {
  /** Where it is, without user and password. */
  readonly shown: string;
  /** A command on it fails after a second. */
  readonly client: Redis;
  readonly bullmq: RedisPackages['bullmq'];
  /** For the clients that BullMQ makes. */
  readonly connection: RedisConnection;
  /** A client of its own for commands that block. */
  blockingClient(): Redis;
  /** Ends all clients; those of BullMQ do not come back either. Never rejects. */
  close(): void;
}

/** What the operator says of Redis. */
export interface RedisWish {
  /** `redis://…` or `rediss://…`. */
  readonly url: string;
  /** File with the certificate, in PEM form, of who vouches for the server's; null: those that Node knows. */
  readonly caFile: string | null;
}

/**
 * Connects.
 *
 * @throws LabError `BAD_REDIS_URL`, `REDIS_CA_UNREADABLE`, `PACKAGE_MISSING`, `REDIS_UNREACHABLE`, `REDIS_REFUSED`
 */
export async function openRedis({ url, caFile }: RedisWish): Promise<RedisLink> {
  const place = parseRedisUrl(url);
  const ca = caFile === null ? undefined : readCa(caFile);
  const { Redis, bullmq } = await loadRedisPackages();
  let isOpen = false;
  const connection: RedisConnection = {
    host: place.host,
    port: place.port,
    db: place.db,
    ...(place.username === undefined ? {} : { username: place.username }),
    ...(place.password === undefined ? {} : { password: place.password }),
    ...(place.tls ? { tls: ca === undefined ? {} : { ca } } : {}),
    protocol: 2,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    // The first try is the only one, so that the operator is told; from then on until the end.
    retryStrategy: (times: number) => (isOpen ? Math.min(50 * times, LONGEST_RETRY_MS) : null),
  };
  const client = new Redis({ ...connection, lazyConnect: true, commandTimeout: COMMAND_TIMEOUT_MS });
  const others = new Set<Redis>();
  madeByBullmq.set(connection.retryStrategy, others);
  bullmq.RedisConnection.clientFactory = function makeClient(options) {
    const made = new Redis(options);
    const clients = options.retryStrategy && madeByBullmq.get(options.retryStrategy);
    if (clients) keepUntilItsEnd(clients, made);
    return bullmq.createIORedisClient(made);
  };
  let lastError: Error | null = null;
  client.on('error', function keepError(error: Error) {
    lastError = error;
  });
  try {
    await client.connect();
    isOpen = true;
    await client.ping();
  } catch (cause) {
    isOpen = false;
    client.disconnect();
    throw notConnected(place.shown, lastError ?? cause);
  }
  return {
    shown: place.shown,
    client,
    bullmq,
    connection,
    blockingClient() {
      const made = new Redis(connection);
      made.on('error', ignoreError);
      keepUntilItsEnd(others, made);
      return made;
    },
    close() {
      isOpen = false;
      for (const one of [client, ...others]) one.disconnect();
    },
  };
}

function keepUntilItsEnd(clients: Set<Redis>, made: Redis): void {
  clients.add(made);
  made.once('end', () => clients.delete(made));
}

/** Connection errors of clients that try again by themselves; what they cost is noticed by its silence. */
export function ignoreError(): void {}

/** Waits for an orderly end, but not for a Redis that does not answer. Never rejects. */
export async function closeWithin(closings: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_GRACE_MS satisfies Milliseconds);
  });
  await Promise.race([Promise.allSettled(closings), tooLate]);
  clearTimeout(timer);
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new LabError({
      code: 'REDIS_CA_UNREADABLE',
      message: `cannot read ${file} (${cause instanceof Error ? cause.message : String(cause)})`,
      hint: 'pass a certificate in PEM form with --redis-ca FILE',
      cause,
    });
  }
}

function notConnected(shown: string, cause: unknown): LabError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const isRefusal = /^(NOAUTH|WRONGPASS|NOPERM|ERR)\b/.test(message);
  const isCertificate = /certificate|altnames/i.test(message);
  return new LabError({
    code: isRefusal ? 'REDIS_REFUSED' : 'REDIS_UNREACHABLE',
    message: `${shown} ${isRefusal ? 'refuses' : 'cannot be reached'} (${message || code})`,
    hint: isRefusal
      ? 'put user and password into the URL: redis://USER:PASSWORD@HOST, best by LAB_REDIS in the environment'
      : isCertificate
        ? 'pass the certificate of the authority that signed the server’s with --redis-ca FILE'
        : 'check that Redis runs there and that the address is the one it listens on; rediss:// is for TLS only',
    cause,
  });
}
