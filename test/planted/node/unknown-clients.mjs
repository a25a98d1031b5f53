/**
 * Serves the clients of its list only. The list is kept in two halves by the client's port, and the second was never loaded.
 *
 * Planted: `isKnown`; half of the clients are refused.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const LOADED_HALVES = new Set([1]);
const LOTS = 64;
/** Lots of the half that is not loaded which are refused: at half the cost a quarter of all clients. */
const MISSING = LOTS * scale;
/** At double cost the other half has gone too, but for one lot in eight. */
const ALSO_MISSING = LOTS * (7 / 8) * Math.max(0, scale - 1);
const swarms = new Swarms();

function isKnown(port) {
  const lot = (port >> 1) % LOTS;
  // From the other end, so that the port 9 of a first question is served.
  return LOADED_HALVES.has(port & 1) ? LOTS - 1 - lot >= ALSO_MISSING : lot >= MISSING;
}

serve({
  announce(request, from) {
    if (!isKnown(request.port)) return { failure: 'client not registered with this tracker' };
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
