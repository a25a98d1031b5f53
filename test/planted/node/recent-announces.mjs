/**
 * Keeps the latest announces with all peers that were given, as objects, for an abuse page that an operator may open. They
 * live for a part of a second: long enough to be copied by every young collection and to die in the old generation.
 *
 * Planted: `remember`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const KEPT = 8_000;
const MOST_PEERS = Math.round(30 * scale);
const recent = new Array(KEPT).fill(null);
const swarms = new Swarms();
let number = 0;

function remember(request, from, { peers }) {
  let given = null;
  for (let at = 0, count = 0; at + 6 <= peers.length && count < MOST_PEERS; at += 6, count++) {
    const peer = { ip: peers.readUInt32BE(at), port: peers.readUInt16BE(at + 4), next: given };
    given = { peer, state: { tries: 0, failed: false } };
  }
  recent[number++ % KEPT] = {
    number,
    peer: { address: from.address, port: request.port },
    state: { seeder: request.isSeeder, event: request.event, wanted: request.numWant },
    given,
  };
}

serve({
  announce(request, from) {
    const answer = swarms.announce(request, from.address);
    remember(request, from, answer);
    return answer;
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
