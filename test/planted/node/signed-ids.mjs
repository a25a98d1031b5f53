/**
 * Signs each client's address with the keys of the last minutes and takes an announce where one of them fits; nothing
 * of it is kept, so that every datagram pays for all signatures.
 *
 * Planted: `signatureOf`, an HMAC-SHA256 for each key.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const keys = Array.from({ length: Math.round(4 * scale) }, () => randomBytes(32));
const swarms = new Swarms();
let refused = 0;

function signatureOf(key, { address, port }) {
  return createHmac('sha256', key).update(`${address}:${port}`).digest().readUInt32BE(0);
}

function isSigned(datagram, from) {
  const wanted = datagram.readUInt32BE(4);
  let fits = false;
  for (const key of keys) fits = signatureOf(key, from) === wanted || fits;
  return fits;
}

serve({
  seen(datagram, from) {
    // Old clients are not turned away yet, only counted.
    if (!isSigned(datagram, from)) refused++;
  },
  announce: (request, from) => swarms.announce(request, from.address),
  scrape: (infoHash) => swarms.scrape(infoHash),
});
process.on('exit', () => process.stdout.write(`${refused} unsigned datagrams\n`));
