/**
 * Was told that large buffers mean delay, and asks for a small one; ten times a second it adds up its statistics, and what
 * arrives meanwhile has no room.
 *
 * Planted: the receive buffer in `serve(…)`; `addUp` is what fills it.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const RECEIVE_BUFFER_BYTES = 4096;
const swarms = new Swarms();
const samples = new Float64Array(200_000);
const summary = { mean: 0 };

function addUp() {
  const until = performance.now() + 10 * scale;
  do {
    let total = 0;
    for (const sample of samples) total += Math.sqrt(sample);
    summary.mean = total / samples.length;
  } while (performance.now() < until);
}

setInterval(addUp, 100);

serve(
  {
    announce(request, from) {
      samples[request.port % samples.length] = request.port;
      return swarms.announce(request, from.address);
    },
    scrape: (infoHash) => swarms.scrape(infoHash),
  },
  { receiveBufferBytes: RECEIVE_BUFFER_BYTES },
);
