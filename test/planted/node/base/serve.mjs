/** A UDP socket around a tracker: reads datagrams, asks the tracker, sends what it answers. */
import dgram from 'node:dgram';
import {
  Action,
  announceReply,
  connectReply,
  errorReply,
  isConnect,
  readAnnounce,
  readScrape,
  scrapeReply,
} from './bep15.mjs';

/** How many times as costly as written the planted mistake is. */
export const scale = Number(process.env.PLANT_SCALE ?? 1);

const SECRET = Math.floor(Math.random() * 2 ** 32);

/**
 * Serves `PORT` on 127.0.0.1 until SIGTERM.
 *
 * @param tracker - `announce(request, from)` answers `{ seeders, leechers, peers }`, `{ failure }` or a promise of
 * either; `scrape(infoHash)` answers `{ seeders, completed, leechers }`; `seen(datagram, from)`, where there is one, is
 * told of every datagram
 */
export function serve(tracker, { receiveBufferBytes = 4 << 20 } = {}) {
  const socket = dgram.createSocket({ type: 'udp4' });
  const send = (reply, from) => socket.send(reply, from.port, from.address);
  socket.on('message', function onMessage(datagram, from) {
    if (datagram.length < 16) return;
    tracker.seen?.(datagram, from);
    if (isConnect(datagram)) {
      send(connectReply(datagram, connectionIdOf(from.address)), from);
      return;
    }
    if (datagram.readUInt32BE(0) !== connectionIdOf(from.address)) return;
    const action = datagram.readUInt32BE(8);
    if (action === Action.announce) {
      const request = readAnnounce(datagram);
      if (request === null) return;
      const answer = tracker.announce(request, from);
      if (answer instanceof Promise) {
        answer.then((settled) => send(replyOf(datagram, settled), from));
      } else {
        send(replyOf(datagram, answer), from);
      }
    } else if (action === Action.scrape) {
      const hashes = readScrape(datagram);
      if (hashes === null) return;
      send(
        scrapeReply(
          datagram,
          hashes.map((hash) => tracker.scrape(hash)),
        ),
        from,
      );
    }
  });
  socket.bind(Number(process.env.PORT), '127.0.0.1', () => {
    socket.setRecvBufferSize(receiveBufferBytes);
    process.stdout.write(`serving udp://127.0.0.1:${socket.address().port}\n`);
  });
  process.once('SIGTERM', () => process.exit(0));
  return socket;
}

function replyOf(datagram, answer) {
  return answer.failure === undefined
    ? announceReply(datagram, answer)
    : errorReply(datagram, answer.failure);
}

/** Bound to the address and never zero; its time is left out, for a run is shorter than its life. */
function connectionIdOf(address) {
  let id = SECRET;
  for (let at = 0; at < address.length; at++) id = Math.imul(id ^ address.charCodeAt(at), 0x01000193);
  return (id | 1) >>> 0;
}
