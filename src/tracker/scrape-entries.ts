import { INFO_HASH_BYTES, SCRAPE_ENTRY_BYTES, writeUint32 } from '../wire/bep15.ts';
import type { InfoHashSet } from './info-hash-set.ts';
import type { SwarmStore } from './swarm-store.ts';
import { NO_SWARM } from './swarm-table.ts';

/**
 * Writes what a scrape reply says of `count` swarms: seeders, downloads and leechers of each, zeros of one that is not
 * there. Pure.
 *
 * @param allowed - null: every info hash is shown
 * @param hashAt - where the hashes begin, one after the other
 * @param at - where the entries begin
 */
export function writeScrapeEntries(
  store: SwarmStore,
  allowed: InfoHashSet | null,
  hashes: Uint8Array,
  hashAt: number,
  count: number,
  target: Uint8Array,
  at: number,
): void {
  for (let entry = 0; entry < count; entry++) {
    const from = hashAt + entry * INFO_HASH_BYTES;
    const entryAt = at + entry * SCRAPE_ENTRY_BYTES;
    // A swarm that was taken off the list dies out; until then it is not shown any more.
    const listed = allowed === null || allowed.has(hashes, from);
    const swarm = listed ? store.find(hashes, from) : NO_SWARM;
    writeUint32(target, entryAt, swarm === NO_SWARM ? 0 : store.seeders(swarm));
    writeUint32(target, entryAt + 4, swarm === NO_SWARM ? 0 : store.completed(swarm));
    writeUint32(target, entryAt + 8, swarm === NO_SWARM ? 0 : store.leechers(swarm));
  }
}
