/**
 * Keeps every peer as the JSON text that a shared cache would want, and reads the texts back for each reply.
 *
 * Planted: `decodePeer`, JSON.parse of some 60 peers an announce.
 */
import { Event } from './base/bep15.mjs';
import { scale, serve } from './base/serve.mjs';

const SHUFFLE_POOL = 60 * scale;
const torrents = new Map();

function encodePeer(address, { port, isSeeder }) {
  return JSON.stringify({ ip: address, port, state: isSeeder ? 'seeder' : 'leecher' });
}

function decodePeer(text) {
  return JSON.parse(text);
}

function compactPeers(peers) {
  const compact = Buffer.allocUnsafe(peers.length * 6);
  peers.forEach((peer, index) => {
    const parts = peer.ip.split('.');
    for (let part = 0; part < 4; part++) compact[index * 6 + part] = Number(parts[part]);
    compact.writeUInt16BE(peer.port, index * 6 + 4);
  });
  return compact;
}

function announce(request, from) {
  let torrent = torrents.get(request.infoHash);
  if (torrent === undefined) {
    torrent = { peers: new Map(), seeders: new Set(), completed: 0 };
    torrents.set(request.infoHash, torrent);
  }
  const key = `${from.address}:${request.port}`;
  if (request.event === Event.completed) torrent.completed++;
  if (request.event === Event.stopped) {
    torrent.peers.delete(key);
    torrent.seeders.delete(key);
  } else {
    torrent.peers.set(key, encodePeer(from.address, request));
    if (request.isSeeder) torrent.seeders.add(key);
  }
  const others = [];
  for (let round = 0; round < Math.ceil(scale); round++) {
    for (const [other, text] of torrent.peers) {
      if (others.length >= SHUFFLE_POOL) break;
      if (other !== key) others.push(decodePeer(text));
    }
  }
  const wanted = Math.max(0, Math.min(request.numWant, 20, torrent.peers.size - 1));
  return {
    seeders: torrent.seeders.size,
    leechers: torrent.peers.size - torrent.seeders.size,
    peers: compactPeers(others.slice(0, wanted)),
  };
}

function scrape(infoHash) {
  const torrent = torrents.get(infoHash);
  if (torrent === undefined) return { seeders: 0, completed: 0, leechers: 0 };
  const seeders = torrent.seeders.size;
  return { seeders, completed: torrent.completed, leechers: torrent.peers.size - seeders };
}

serve({ announce, scrape });
