import { networkInterfaces } from 'node:os';

/**
 * The interface index that belongs to the zone of a link-local address (`fe80::1%eth0`, `fe80::1%2`).
 *
 * @returns 0 where the address has no zone or no interface of that name has an IPv6 address
 */
export function scopeIdOf(address: string): number {
  const zoneFrom = address.indexOf('%') + 1;
  if (zoneFrom === 0) {
    return 0;
  }
  const zone = address.slice(zoneFrom);
  if (/^\d+$/.test(zone)) {
    return Number(zone);
  }
  for (const entry of networkInterfaces()[zone] ?? []) {
    if (entry.family === 'IPv6' && entry.scopeid !== 0) {
      return entry.scopeid;
    }
  }
  return 0;
}
