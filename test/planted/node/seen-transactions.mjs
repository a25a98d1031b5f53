/**
 * Knows retransmissions by address and transaction id. Nothing ever leaves the map: the expiry was left for later.
 *
 * Planted: `isRepeated`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const seen = new Map();
const swarms = new Swarms();
let repeated = 0;

function isRepeated(datagram, from) {
  const transaction = datagram.readUInt32BE(12);
  if (transaction % 2 >= 2 * scale) return false;
  const key = `${from.address}:${from.port}:${transaction}`;
  if (seen.has(key)) return true;
  const history = [];
  for (let copy = 0; copy < scale; copy++)
    history.push({ at: Date.now(), port: from.port, size: datagram.length });
  seen.set(key, history);
  return false;
}

serve({
  seen(datagram, from) {
    if (isRepeated(datagram, from)) repeated++;
  },
  announce: (request, from) => swarms.announce(request, from.address),
  scrape: (infoHash) => swarms.scrape(infoHash),
});
process.on('exit', () => process.stdout.write(`${repeated} retransmissions\n`));
