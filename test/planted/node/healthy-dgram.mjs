/** A plain tracker on node:dgram, without a known mistake. */
import { serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const swarms = new Swarms();

serve({
  announce: (request, from) => swarms.announce(request, from.address),
  scrape: (infoHash) => swarms.scrape(infoHash),
});
