/** Announces over and over to a handler in a process of its own, and prints how many bytes of heap each took. */
import { ConnectionIds } from '../../dist/tracker/connection-id.js';
import { createCounters } from '../../dist/tracker/counters.js';
import { DatagramHandler } from '../../dist/tracker/handle-datagram.js';
import { RandomSource } from '../../dist/tracker/random-source.js';
import { SwarmStore } from '../../dist/tracker/swarm-store.js';

const SWARMS = 50;
const PEERS = 100;
const ANNOUNCES = 200_000;
const ROUNDS = 5;

const limits = {
  key: Uint32Array.of(21, 22),
  random: new RandomSource([1, 2, 3, 4]),
  peerLimit: 1e6,
  swarmLimit: 1e6,
};
const handler = new DatagramHandler({
  connectionIds: new ConnectionIds(new Uint8Array(16)),
  ipv4: new SwarmStore({ peerBytes: 6, ...limits }),
  ipv6: new SwarmStore({ peerBytes: 18, ...limits }),
  allowed: null,
  connectLimit: null,
  counters: createCounters(),
});
const sender = Uint8Array.of(203, 0, 113, 200);
const response = new Uint8Array(2048);
handler.setTime(1000);
const connect = Buffer.from('00000417271019800000000001020304', 'hex');
handler.handle(connect, 0, 16, 4, sender, 5000, response, 0);

/** All requests, written before: the loop that is measured makes no number of its own. */
const LENGTH = 98;
const requests = Buffer.alloc(SWARMS * PEERS * LENGTH);
for (let peer = 0; peer < SWARMS * PEERS; peer++) {
  const request = requests.subarray(peer * LENGTH, (peer + 1) * LENGTH);
  request.set(response.subarray(8, 16));
  request.writeUInt32BE(1, 8);
  request.writeUInt32BE(Math.imul(peer % SWARMS, 0x9e37_79b1) >>> 0, 16);
  request.writeUInt32BE(0xc0de_0000 + peer, 12);
  request.writeUInt32BE(0xffff_ffff, 64);
  request.writeUInt32BE(1000, 68);
  request.writeUInt32BE(50, 92);
  request.writeUInt16BE(1024 + Math.floor(peer / SWARMS), 96);
}

let answered = 0;
function announceMany() {
  for (let index = 0; index < ANNOUNCES; index++) {
    const at = (index % (SWARMS * PEERS)) * LENGTH;
    if (handler.handle(requests, at, LENGTH, 4, sender, 5000, response, 0) > 20) answered++;
  }
}

announceMany();
const bytesPerAnnounce = [];
for (let round = 0; round < ROUNDS; round++) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  announceMany();
  bytesPerAnnounce.push((process.memoryUsage().heapUsed - before) / ANNOUNCES);
}
process.stdout.write(JSON.stringify({ bytesPerAnnounce, answered, announces: ANNOUNCES * (ROUNDS + 1) }));
