/**
 * Caches what it answered to each request, to answer a retransmission alike: objects of objects, evicted by age.
 *
 * Planted: `cacheReply`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const MOST_ENTRIES = Math.round(20_000 * scale);

class ReplyCache {
  #entries = [];
  #next = 0;

  cacheReply(request, from, answer) {
    const peers = [];
    for (let at = 0; at + 6 <= answer.peers.length && peers.length < 12; at += 6) {
      peers.push({ ip: answer.peers.readUInt32BE(at), port: answer.peers.readUInt16BE(at + 4) });
    }
    this.#entries[this.#next] = {
      to: { address: from.address, port: from.port },
      transaction: request.datagram.readUInt32BE(12),
      answer: { seeders: answer.seeders, leechers: answer.leechers, peers },
    };
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
