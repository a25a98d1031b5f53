/**
 * Puts off the writing of its audit trail: a function for each announce, which nobody calls before the tracker ends.
 *
 * Planted: `audit`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const trail = [];
const swarms = new Swarms();

function audit(request, from, answer) {
  const at = new Date();
  const details = Array.from({ length: Math.round(4 * scale) }, (_, index) => index * answer.leechers);
  trail.push(() => `${at.toISOString()} ${from.address}:${from.port} ${request.port} ${details.join(' ')}`);
}

serve({
  announce(request, from) {
    const answer = swarms.announce(request, from.address);
    audit(request, from, answer);
    return answer;
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
process.on('exit', () => process.stdout.write(`${trail.length} entries, the last: ${trail.at(-1)?.()}\n`));
