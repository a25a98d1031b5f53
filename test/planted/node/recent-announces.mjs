/**
 * Keeps the latest announces as objects, for an abuse page that an operator may open. They live for a few seconds:
 * long enough to be copied by every young collection and to die in the old generation.
 *
 * Planted: `remember`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const KEPT = Math.round(120_000 * scale);
const recent = new Map();
const swarms = new Swarms();
let number = 0;

function remember(request, from) {
  recent.set(number, {
    number,
    at: new Date(),
    peer: { address: from.address, port: request.port, family: { name: from.family } },
    state: { seeder: request.isSeeder, event: request.event, wanted: request.numWant },
    tags: [{ name: 'udp' }, { name: 'v4' }, { name: request.isSeeder ? 'seed' : 'leech' }],
  });
  recent.delete(number - KEPT);
  number++;
}

serve({
  announce(request, from) {
    remember(request, from);
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
