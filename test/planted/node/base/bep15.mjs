/**
 * The datagrams of BEP 15 for the planted trackers: bytes in, plain objects out. Lean on purpose, so that what a plant
 * adds is its cost.
 */
const PROTOCOL_ID = 0x417_2710_1980n;
const ANNOUNCE_BYTES = 98;

export const Action = { connect: 0, announce: 1, scrape: 2, error: 3 };
export const Event = { none: 0, completed: 1, started: 2, stopped: 3 };

/** True for a connect request with BEP 15's magic. */
export function isConnect(datagram) {
  return datagram.readUInt32BE(8) === Action.connect && datagram.readBigUInt64BE(0) === PROTOCOL_ID;
}

/** Null where the datagram is too short. */
export function readAnnounce(datagram) {
  if (datagram.length < ANNOUNCE_BYTES) return null;
  return {
    infoHash: datagram.latin1Slice(16, 36),
    peerId: datagram.subarray(36, 56),
    isSeeder: datagram.readUInt32BE(64) === 0 && datagram.readUInt32BE(68) === 0,
    event: datagram.readUInt32BE(80),
    numWant: datagram.readInt32BE(92),
    port: datagram.readUInt16BE(96),
    datagram,
  };
}

/** The info hashes of a scrape; null where it holds none or a cut one. */
export function readScrape(datagram) {
  const bytes = datagram.length - 16;
  if (bytes === 0 || bytes % 20 !== 0) return null;
  const hashes = [];
  for (let at = 16; at < datagram.length && hashes.length < 74; at += 20) {
    hashes.push(datagram.latin1Slice(at, at + 20));
  }
  return hashes;
}

export function connectReply(request, connectionId) {
  const reply = Buffer.allocUnsafe(16);
  reply.writeUInt32BE(Action.connect, 0);
  request.copy(reply, 4, 12, 16);
  reply.writeUInt32BE(connectionId, 8);
  reply.writeUInt32BE(connectionId, 12);
  return reply;
}

/** @param peers - six bytes a peer, as they go on the wire */
export function announceReply(request, { seeders, leechers, peers }) {
  const reply = Buffer.allocUnsafe(20 + peers.length);
  reply.writeUInt32BE(Action.announce, 0);
  request.copy(reply, 4, 12, 16);
  reply.writeUInt32BE(1800, 8);
  reply.writeUInt32BE(leechers, 12);
  reply.writeUInt32BE(seeders, 16);
  peers.copy(reply, 20);
  return reply;
}

export function scrapeReply(request, entries) {
  const reply = Buffer.allocUnsafe(8 + 12 * entries.length);
  reply.writeUInt32BE(Action.scrape, 0);
  request.copy(reply, 4, 12, 16);
  let at = 8;
  for (const { seeders, completed, leechers } of entries) {
    reply.writeUInt32BE(seeders, at);
    reply.writeUInt32BE(completed, at + 4);
    reply.writeUInt32BE(leechers, at + 8);
    at += 12;
  }
  return reply;
}

export function errorReply(request, text) {
  const reply = Buffer.allocUnsafe(8 + text.length);
  reply.writeUInt32BE(Action.error, 0);
  request.copy(reply, 4, 12, 16);
  reply.latin1Write(text, 8);
  return reply;
}
