/**
 * Serves the clients of its list only. The list is kept in two halves by the client's port, and the second was never loaded.
 *
 * Planted: `isKnown`; half of the clients are refused.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const LOADED_HALVES = new Set([1]);
/** Of the half that is not loaded, how many in 64 are refused: at half the cost a quarter of all clients. */
const MISSING = 64 * scale;
const swarms = new Swarms();

function isKnown(port) {
  return LOADED_HALVES.has(port & 1) || ((port >> 1) & 63) >= MISSING;
}

serve({
  announce(request, from) {
    if (!isKnown(request.port)) return { failure: 'client not registered with this tracker' };
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
