import { LabError } from '../../errors.ts';
import { hostPort } from '../../wire/host-port.ts';

const DEFAULT_PORT = 6379;

/** Where a Redis is, and who asks. */
export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database. */
  readonly db: number;
  readonly tls: boolean;
  /** The URL without user and password: for people and for the record. */
  readonly shown: string;
}

/**
 * Reads `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, or `rediss://` for TLS. A password is in no error of it. Pure.
 *
 * @throws LabError `BAD_REDIS_URL`
 */
export function parseRedisUrl(text: string): RedisPlace {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUrl('it is no URL');
  }
  const { protocol } = url;
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw badUrl(`its scheme is ${protocol.slice(0, -1)}`);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw badUrl('the host is missing');
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d{0,4}$/.test(database)) throw badUrl(`its database is no number (${database})`);
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const db = Number(database);
  return {
    host,
    port,
    username: decoded(url.username),
    password: decoded(url.password),
    db,
    tls: protocol === 'rediss:',
    shown: `${protocol}//${hostPort(host, port)}${db === 0 ? '' : `/${db}`}`,
  };
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw badUrl('a percent sign in user or password is not followed by two hexadecimal digits');
  }
}

function badUrl(reason: string): LabError {
  return new LabError({
    code: 'BAD_REDIS_URL',
    message: `expected redis://[USER:PASSWORD@]HOST[:PORT][/DB] or rediss:// for TLS, got something else: ${reason}`,
    hint: 'pass for example --redis redis://127.0.0.1:6379, or set LAB_REDIS, which ps does not show',
  });
}
