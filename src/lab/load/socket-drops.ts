/** Datagrams that the kernel dropped at sockets which cannot say it themselves. */

/** Columns of a row of `/proc/net/udp` and `/proc/net/udp6`, split at white space. */
const LOCAL_COLUMN = 1;
const DROPS_COLUMN = 12;

/** Where a socket is bound. */
export interface LocalEndpoint {
  readonly address: string;
  readonly port: number;
}

/** The endpoint as the kernel's table has it; for IPv6 the port alone, which is unique there for connected sockets. */
function tableKey({ address, port }: LocalEndpoint): string {
  const portHex = port.toString(16).toUpperCase().padStart(4, '0');
  if (address.includes(':')) return portHex;
  const bytes = address.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
  return `${bytes.reverse().join('')}:${portHex}`;
}

/**
 * The sum of the `drops` column over the given sockets.
 *
 * @param table - the text of `/proc/net/udp` or `/proc/net/udp6`, of the endpoints' family
 * @returns null where a socket is not in the table
 */
export function sumSocketDrops(table: string, endpoints: readonly LocalEndpoint[]): number | null {
  const dropsByKey = new Map<string, number>();
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const local = columns[LOCAL_COLUMN];
    const drops = Number(columns[DROPS_COLUMN]);
    if (local === undefined || !Number.isFinite(drops)) continue;
    dropsByKey.set(local, drops);
    dropsByKey.set(local.slice(local.indexOf(':') + 1), drops);
  }
  let sum = 0;
  for (const endpoint of endpoints) {
    const drops = dropsByKey.get(tableKey(endpoint));
    if (drops === undefined) return null;
    sum += drops;
  }
  return sum;
}
