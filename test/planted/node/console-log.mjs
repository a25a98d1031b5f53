/**
 * Tells of every request on standard output, as it did on the day that it was written.
 *
 * Planted: `logRequest`, a console.log an announce.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const swarms = new Swarms();
let announces = 0;

function logRequest(request, from, answer) {
  console.log(
    '[%s] announce %s from %s:%d seeders=%d leechers=%d',
    new Date().toISOString(),
    Buffer.from(request.infoHash, 'latin1').toString('hex'),
    from.address,
    request.port,
    answer.seeders,
    answer.leechers,
  );
}

serve({
  announce(request, from) {
    const answer = swarms.announce(request, from.address);
    announces++;
    if (scale >= 1 || announces % 2 === 0) logRequest(request, from, answer);
    if (scale > 1) logRequest(request, from, answer);
    return answer;
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
