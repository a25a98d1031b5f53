/**
 * Looks through all torrents of its catalogue twice a second for those that nobody asked for lately.
 *
 * Planted: `sweepExpired`, which holds the loop for about 100 ms.
 */
import { createHash } from 'node:crypto';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const LIFETIME_MS = 45 * 60_000;
const hashes = [];
const lastAsked = new Map();
const lastSeeded = new Map();
const swarms = new Swarms();

function loadCatalogue(count) {
  const now = Date.now();
  for (let number = 0; number < count; number++) {
    const infoHash = createHash('sha1').update(`torrent ${number}`).digest('latin1');
    hashes.push(infoHash);
    lastAsked.set(infoHash, now);
    lastSeeded.set(infoHash, now);
  }
}

function sweepExpired() {
  const oldest = Date.now() - LIFETIME_MS;
  for (let index = hashes.length - 1; index >= 0; index--) {
    const infoHash = hashes[index];
    if (lastAsked.get(infoHash) > oldest && lastSeeded.get(infoHash) > oldest) continue;
    lastAsked.delete(infoHash);
    lastSeeded.delete(infoHash);
    hashes[index] = hashes.at(-1);
    hashes.pop();
  }
}

loadCatalogue(Math.round(700_000 * scale));
setInterval(sweepExpired, 500);

serve({
  announce(request, from) {
    if (lastAsked.has(request.infoHash)) lastAsked.set(request.infoHash, Date.now());
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
