/**
 * Spares a weak server by answering no announce at once.
 *
 * Planted: `afterPause`, 25 ms before each announce is answered.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const PAUSE_MS = 25 * scale;
const swarms = new Swarms();

function afterPause(answer) {
  return new Promise(function wait(resolve) {
    setTimeout(resolve, PAUSE_MS, answer);
  });
}

serve({
  announce: (request, from) => afterPause(swarms.announce(request, from.address)),
  scrape: (infoHash) => swarms.scrape(infoHash),
});
