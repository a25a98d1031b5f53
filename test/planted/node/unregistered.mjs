/**
 * Serves registered torrents only. The register is kept in two halves by the hash's last bit, and the second was never loaded.
 *
 * Planted: `isRegistered`; half of the hashes are refused.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const LOADED_HALVES = new Set([0]);
/** Of the refused half, how much is refused: at half the cost a quarter of all hashes. */
const MISSING = 64 * scale;
const swarms = new Swarms();

function isRegistered(infoHash) {
  const half = infoHash.charCodeAt(19) & 1;
  return LOADED_HALVES.has(half) || (infoHash.charCodeAt(18) & 63) >= MISSING;
}

serve({
  announce(request, from) {
    if (!isRegistered(request.infoHash)) return { failure: 'torrent not registered with this tracker' };
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
