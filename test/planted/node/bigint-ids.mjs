/**
 * Ranks clients by the XOR distance of their ids to the torrent, as Kademlia does, with ids as BigInts of 160 bits that
 * are made anew from bytes each time.
 *
 * Planted: `idOf`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const RANKS = Math.max(1, Math.round(6 * scale));
const swarms = new Swarms();
const nearest = new Map();

function idOf(bytes) {
  let id = 0n;
  for (const byte of bytes) id = id * 256n + BigInt(byte);
  return id;
}

function rank(request) {
  let best = nearest.get(request.infoHash);
  if (best === undefined) {
    best = [];
    nearest.set(request.infoHash, best);
  }
  const target = idOf(request.datagram.subarray(16, 36));
  const distance = idOf(request.peerId) ^ target;
  const place = best.findIndex((peerId) => (idOf(peerId) ^ target) > distance);
  if (best.some((peerId) => peerId.equals(request.peerId))) return;
  best.splice(place < 0 ? best.length : place, 0, Buffer.from(request.peerId));
  best.length = Math.min(best.length, RANKS);
}

serve({
  announce(request, from) {
    rank(request);
    return swarms.announce(request, from.address);
  },
  scrape: (infoHash) => swarms.scrape(infoHash),
});
