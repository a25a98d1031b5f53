/** Swarms in memory, kept as they go on the wire: a reply is a copy of a few hundred bytes. */
import { Event } from './bep15.mjs';

const PEER_BYTES = 6;
const MOST_WANTED = 80;
const DEFAULT_WANTED = 50;

export class Swarms {
  byHash = new Map();
  #random = 1;

  /** Records the peer and answers `{ seeders, leechers, peers }`; the asking peer is never among the peers. */
  announce(request, address) {
    const { infoHash, port } = request;
    let swarm = this.byHash.get(infoHash);
    if (swarm === undefined) {
      swarm = new Swarm();
      this.byHash.set(infoHash, swarm);
    }
    const key = swarm.keyOf(address, port);
    if (request.event === Event.stopped) swarm.remove(key);
    else swarm.put(key, request);
    const wanted = request.numWant < 0 ? DEFAULT_WANTED : Math.min(request.numWant, MOST_WANTED);
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return swarm.answer(key, wanted, this.#random);
  }

  scrape(infoHash) {
    const swarm = this.byHash.get(infoHash);
    if (swarm === undefined) return { seeders: 0, completed: 0, leechers: 0 };
    return { seeders: swarm.seeders, completed: swarm.completed, leechers: swarm.count - swarm.seeders };
  }
}

export class Swarm {
  count = 0;
  seeders = 0;
  completed = 0;
  /** Place of each peer in `packed`. */
  places = new Map();
  packed = Buffer.alloc(PEER_BYTES * 8);
  isSeeder = [];

  /** Address and port as one number, exact below 2^53. */
  keyOf(address, port) {
    const [a, b, c, d] = address.split('.');
    return (((a * 256 + +b) * 256 + +c) * 256 + +d) * 65536 + port;
  }

  put(key, { event, isSeeder }) {
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.count++;
      if (place * PEER_BYTES === this.packed.length) {
        this.packed = Buffer.concat([this.packed, Buffer.alloc(this.packed.length)]);
      }
      this.places.set(key, place);
      this.packed.writeUIntBE(key, place * PEER_BYTES, PEER_BYTES);
      this.isSeeder[place] = false;
    }
    if (event === Event.completed) this.completed++;
    if (this.isSeeder[place] !== isSeeder) this.seeders += isSeeder ? 1 : -1;
    this.isSeeder[place] = isSeeder;
  }

  remove(key) {
    const place = this.places.get(key);
    if (place === undefined) return;
    const last = --this.count;
    if (this.isSeeder[place]) this.seeders--;
    if (place !== last) {
      const moved = this.packed.readUIntBE(last * PEER_BYTES, PEER_BYTES);
      this.packed.writeUIntBE(moved, place * PEER_BYTES, PEER_BYTES);
      this.isSeeder[place] = this.isSeeder[last];
      this.places.set(moved, place);
    }
    this.places.delete(key);
  }

  answer(key, wanted, random) {
    const { seeders, count } = this;
    const place = this.places.get(key);
    const isIn = place !== undefined;
    const others = isIn ? count - 1 : count;
    const given = Math.min(wanted, others);
    const peers = Buffer.allocUnsafe(given * PEER_BYTES);
    // A window of the packed peers that begins at random and leaves out the asking one.
    let from = others === 0 ? 0 : random % count;
    let written = 0;
    while (written < given) {
      if (from === place) from = (from + 1) % count;
      const until = Math.min(isIn && place > from ? place : count, from + given - written);
      this.packed.copy(peers, written * PEER_BYTES, from * PEER_BYTES, until * PEER_BYTES);
      written += until - from;
      from = until === count ? 0 : until;
    }
    return { seeders, leechers: count - seeders, peers };
  }
}
