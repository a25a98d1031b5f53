/**
 * Wants to hand out the freshest peers, and sorts the whole swarm for each announce to find them.
 *
 * Planted: `freshestFirst`.
 */
import { scale, serve } from './base/serve.mjs';
import { Swarms } from './base/swarms.mjs';

const swarms = new Swarms();
/** When each peer was last heard of, by torrent. */
const heard = new Map();
let announces = 0;

function freshestFirst(times) {
  return [...times].sort((a, b) => b[1] - a[1]).map(([peer]) => peer);
}

function announce(request, from) {
  let times = heard.get(request.infoHash);
  if (times === undefined) {
    times = new Map();
    heard.set(request.infoHash, times);
  }
  times.set(request.port, performance.now());
  announces++;
  let freshest = [];
  for (let due = scale + ((announces * (scale % 1)) % 1); due >= 1; due--) freshest = freshestFirst(times);
  const answer = swarms.announce(request, from.address);
  // Never more than the fresh ones; while a swarm fills they are all there are.
  if (freshest.length > 0 && answer.peers.length > freshest.length * 6) {
    answer.peers = answer.peers.subarray(0, freshest.length * 6);
  }
  return answer;
}

serve({ announce, scrape: (infoHash) => swarms.scrape(infoHash) });
