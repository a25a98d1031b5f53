/** Where the tracker's state is kept outside of it, as `--store` says. Pure. */
import { LabError } from '../errors.ts';

/** Code of the error for a URL that cannot be used. */
export const BAD_STORE_CODE = 'BAD_STORE';

/** Redis' own port. */
const DEFAULT_PORT = 6379;
const MOST_DATABASES = 16_384;
const FORM =
  /^redis(?<tls>s)?(?<cluster>\+cluster)?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/?#@]+)(?:\/(?<database>\d*))?$/;
const HOST = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/;

/** A Redis server, or the nodes by which a Redis Cluster is found. */
export interface StoreTarget {
  /** At least one; more than one only of a cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly cluster: boolean;
  readonly tls: boolean;
  /** Absent: the default user. */
  readonly username?: string;
  readonly password?: string;
  /** 0 in a cluster. */
  readonly database: number;
}

/**
 * Reads `redis://[user[:password]@]host[:port][/database]`; `rediss` is TLS, `+cluster` a Redis Cluster, of which several
 * nodes may be named with commas between them.
 *
 * @throws LabError `BAD_STORE`; its text does not repeat the URL, which may hold a password
 */
export function parseStoreUrl(text: string): StoreTarget {
  const parts = FORM.exec(text)?.groups;
  if (parts === undefined) {
    throw badStore('it is no redis:// URL');
  }
  const cluster = parts['cluster'] !== undefined;
  const nodes = (parts['hosts'] as string).split(',').map(parseNode);
  const database = Number(parts['database'] || '0');
  if (nodes.length > 1 && !cluster) {
    throw badStore(`${nodes.length} hosts are named, and only a cluster has several`);
  }
  if (database >= MOST_DATABASES || (cluster && database !== 0)) {
    throw badStore(cluster ? 'a cluster has no numbered databases' : `there is no database ${database}`);
  }
  const user = decode(parts['user']);
  const password = decode(parts['password']);
  return {
    nodes,
    cluster,
    tls: parts['tls'] !== undefined,
    ...(user === '' ? {} : { username: user }),
    ...(password === '' ? {} : { password }),
    database,
  };
}

/** The target for people to read: without user and password. */
export function storeName({ nodes, cluster, tls, database }: StoreTarget): string {
  const hosts = nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return `redis${tls ? 's' : ''}${cluster ? '+cluster' : ''}://${hosts}${database === 0 ? '' : `/${database}`}`;
}

function parseNode(text: string): StoreTarget['nodes'][number] {
  const parts = HOST.exec(text)?.groups;
  const host = parts?.['ipv6'] ?? parts?.['name'];
  const port = Number(parts?.['port'] ?? DEFAULT_PORT);
  if (host === undefined || port < 1 || port > 65_535) {
    throw badStore(`"${text}" is no host with a port`);
  }
  return { host, port };
}

function decode(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badStore('user or password has a % that is no escape');
  }
}

function badStore(reason: string): LabError {
  return new LabError({
    code: BAD_STORE_CODE,
    message: `the URL of the store cannot be used: ${reason}`,
    hint: 'use redis://host:6379, rediss:// for TLS, redis+cluster://host:6379,host:6379 for a cluster; write %40 for @ in a password',
  });
}
