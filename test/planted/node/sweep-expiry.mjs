/**
 * Looks through all torrents of its catalogue twice a second for those that nobody asked for lately.
 *
 * Planted: `sweepExpired`, which holds the loop for about 100 ms.
 */
import { createHash } from 'node:crypto';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const LIFETIME_MS = 45 * 60_000;
const catalogue = new Map();
const swarms = new Swarms();

function loadCatalogue(count) {
  for (let number = 0; number < count; number++) {
    const infoHash = createHash('sha1').update(`torrent ${number}`).digest('latin1');
    catalogue.set(infoHash, { asked: Date.now(), visits: new Map([[number, { at: Date.now() }]]) });
  }
}

function sweepExpired() {
  const now = Date.now();
  for (const [infoHash, torrent] of catalogue) {
    for (const [visitor, visit] of torrent.visits) {
      if (now - visit.at > LIFETIME_MS) torrent.visits.delete(visitor);
    }
    if (now - torrent.asked > LIFETIME_MS && torrent.visits.size === 0) catalogue.delete(infoHash);
  }
}

loadCatalogue(Math.round(300_000 * scale));
setInterval(sweepExpired, 500);

serve({
  announce(request, from) {
    const torrent = catalogue.get(request.infoHash);
    if (torrent !== undefined) torrent.asked = Date.now();
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
