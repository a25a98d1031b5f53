/**
 * Keeps datagrams of each torrent for a replay tool, one announce in four, each in a buffer of its own outside of V8's heap.
 *
 * Planted: `keep`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const PAGE_BYTES = Math.round(1024 * scale);
const kept = new Map();
const swarms = new Swarms();
let number = 0;

function keep(request) {
  const page = Buffer.alloc(PAGE_BYTES);
  request.datagram.copy(page);
  const pages = kept.get(request.infoHash);
  if (pages === undefined) kept.set(request.infoHash, [page]);
  else pages.push(page);
}

serve({
  announce(request, from) {
    if (number++ % 4 === 0) keep(request);
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
