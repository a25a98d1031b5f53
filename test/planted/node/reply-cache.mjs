/**
 * Caches what it answered to each transaction, to answer a retransmission alike: lists of objects, the oldest evicted.
 *
 * Planted: `cacheReply`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const MOST_ENTRIES = 10_000;
const MOST_PEERS = Math.round(30 * scale);

class ReplyCache {
  #entries = [];
  #next = 0;

  cacheReply(request, from, { seeders, leechers, peers }) {
    let chain = null;
    for (let at = 0, count = 0; at + 6 <= peers.length && count < MOST_PEERS; at += 6, count++) {
      chain = { peer: { ip: peers.readUInt32BE(at), port: peers.readUInt16BE(at + 4) }, next: chain };
    }
    const transaction = request.datagram.readUInt32BE(12);
    this.#entries[this.#next] = { port: from.port, transaction, counts: { seeders, leechers }, chain };
    this.#next = (this.#next + 1) % MOST_ENTRIES;
  }
}

const cache = new ReplyCache();
const swarms = new Swarms();

serve({
  announce(request, from) {
    const answer = swarms.announce(request, from.address);
    cache.cacheReply(request, from, answer);
    return answer;
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
