/**
 * How much memory a peer and a torrent cost the tracker: growth of the resident set against an empty start.
 *
 * Each row is a process of its own. In the rows of the handler it fills swarms by announces through the datagram
 * handler, round and round over all swarms, and collects garbage before either reading. The last rows are the whole
 * tracker, started as a person starts it and filled over loopback; nothing is collected there but by itself.
 *
 * Run by `npm run bench:memory`. Arguments: `--smoke` (small figures, a few seconds), `--json`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConnectionIds } from '../src/tracker/connection-id.ts';
import { createCounters } from '../src/tracker/counters.ts';
import { DatagramHandler, type DatagramState } from '../src/tracker/handle-datagram.ts';
import { RandomSource } from '../src/tracker/random-source.ts';
import { SwarmStore } from '../src/tracker/swarm-store.ts';
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  CONNECT_REQUEST_BYTES,
  PEER_BYTES_IPV4,
  PEER_BYTES_IPV6,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  ResponseOffset,
  writeUint16,
  writeUint32,
} from '../src/wire/bep15.ts';
import type { TrackerReady } from '../src/wire/tracker-message.ts';

interface Row {
  readonly subject: 'handler' | 'tracker';
  readonly family: 4 | 6;
  readonly peers: number;
  readonly swarmPeers: number;
}

interface Measurement extends Row {
  readonly torrents: number;
  readonly growthBytes: number;
  readonly bytesPerPeer: number;
  /** Its peers included. */
  readonly bytesPerTorrent: number;
}

const sizes = { full: [100_000, 1_000_000], smoke: [2_000] };
/** Announces in flight at once, in the rows of the whole tracker. */
const WINDOW = 64;
const ROW_VARIABLE = 'BYTES_PER_PEER_ROW';

async function main(): Promise<void> {
  const row = process.env[ROW_VARIABLE];
  if (row !== undefined) {
    process.send?.(measureHandler(JSON.parse(row) as Row));
    return;
  }
  const peerCounts = process.argv.includes('--smoke') ? sizes.smoke : sizes.full;
  const measurements: Measurement[] = [];
  for (const planned of plan(peerCounts)) {
    const growthBytes = await (planned.subject === 'handler'
      ? inFreshProcess(planned)
      : measureTracker(planned));
    const torrents = planned.peers / planned.swarmPeers;
    measurements.push({
      ...planned,
      torrents,
      growthBytes,
      bytesPerPeer: growthBytes / planned.peers,
      bytesPerTorrent: growthBytes / torrents,
    });
  }
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(measurements));
  } else {
    print(measurements);
  }
}

function plan(peerCounts: readonly number[]): Row[] {
  const handler = peerCounts.flatMap((peers) =>
    ([4, 6] as const).flatMap((family) =>
      [1, 10, 100].map((swarmPeers): Row => ({ subject: 'handler', family, peers, swarmPeers })),
    ),
  );
  const peers = peerCounts[0] as number;
  const tracker = [10, 100].map((swarmPeers): Row => ({ subject: 'tracker', family: 4, peers, swarmPeers }));
  return [...handler, ...tracker];
}

function print(measurements: readonly Measurement[]): void {
  const columns = [10, 6, 11, 13, 13, 12, 17];
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, column) => String(cell).padStart(columns[column] as number)).join('');
  console.log(line(['measured', 'IPv', 'peers', 'peers/swarm', 'growth MB', 'bytes/peer', 'bytes/torrent']));
  for (const measured of measurements) {
    console.log(
      line([
        measured.subject,
        measured.family,
        measured.peers,
        measured.swarmPeers,
        (measured.growthBytes / 1e6).toFixed(2),
        measured.bytesPerPeer.toFixed(1),
        measured.bytesPerTorrent.toFixed(0),
      ]),
    );
  }
  console.log('bytes/torrent: the peers of the torrent included');
  for (const [few, many] of pairs(measurements)) {
    const bytes = (many.growthBytes - few.growthBytes) / (many.peers - few.peers);
    console.log(
      `from ${few.peers} to ${many.peers} IPv${few.family} peers in swarms of ${few.swarmPeers}: ${bytes.toFixed(1)} bytes for each more`,
    );
  }
}

/** Rows that differ in the number of peers only: between them the cost of the start (compiled code, above all) is out. */
function pairs(measurements: readonly Measurement[]): [Measurement, Measurement][] {
  return measurements.flatMap((few) =>
    measurements
      .filter((many) => many.subject === few.subject && many.family === few.family)
      .filter((many) => many.swarmPeers === few.swarmPeers && many.peers > few.peers)
      .map((many): [Measurement, Measurement] => [few, many]),
  );
}

async function inFreshProcess(row: Row): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, [ROW_VARIABLE]: JSON.stringify(row) },
  });
  const [growthBytes] = await once(child, 'message');
  await once(child, 'exit');
  return growthBytes as number;
}

function measureHandler({ family, peers, swarmPeers }: Row): number {
  const random = new RandomSource([1, 2, 3, 4]);
  const options = { key: Uint32Array.of(1, 2), random, peerLimit: peers };
  const state: DatagramState = {
    connectionIds: new ConnectionIds(new Uint8Array(16)),
    ipv4: new SwarmStore({ ...options, peerBytes: PEER_BYTES_IPV4 }),
    ipv6: new SwarmStore({ ...options, peerBytes: PEER_BYTES_IPV6 }),
    allowed: null,
    connectLimit: null,
    counters: createCounters(),
  };
  const handler = new DatagramHandler(state);
  const response = new Uint8Array(2048);
  const sender = new Uint8Array(16);
  const addressBytes = family === 4 ? 4 : 16;
  const request = announceRequest(new Uint8Array(8));
  const torrents = peers / swarmPeers;
  const emptyBytes = residentAfterCollection();
  for (let peer = 0; peer < peers; peer++) {
    writeUint32(sender, addressBytes - 4, 0x0a00_0000 + peer);
    state.connectionIds.issue(sender, addressBytes, 0, request, RequestOffset.connectionId);
    setPeer(request, peer, torrents);
    handler.handle(request, 0, request.length, family, sender, 6881, response, 0);
  }
  const kept = family === 4 ? state.ipv4 : state.ipv6;
  const grownBytes = residentAfterCollection() - emptyBytes;
  if (kept.peerCount !== peers || kept.swarmCount !== torrents) {
    throw new Error(`${kept.peerCount} peers in ${kept.swarmCount} swarms, not ${peers} in ${torrents}`);
  }
  return grownBytes;
}

/** Buffers that were let go are freed on another thread after the collection; a second one waits for the first. */
function residentAfterCollection(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** Growth of the tracker's own process, from the moment it is ready. */
async function measureTracker({ peers, swarmPeers }: Row): Promise<number> {
  const entry = fileURLToPath(new URL('../../tracker/main.js', import.meta.url));
  const child = fork(entry, ['--host', '127.0.0.1', '--port', '0', '--log-level', 'error'], { silent: true });
  try {
    const [{ port }] = (await once(child, 'message')) as [TrackerReady];
    const emptyBytes = residentOf(child);
    const socket = createSocket('udp4');
    await fill(socket, port, peers, peers / swarmPeers);
    const growthBytes = residentOf(child) - emptyBytes;
    socket.close();
    return growthBytes;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function residentOf(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Announces all peers from one address, by their ports and hashes; a window of them is in flight. */
async function fill(socket: Socket, port: number, peers: number, torrents: number): Promise<void> {
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const connect = new Uint8Array(CONNECT_REQUEST_BYTES);
  writeUint32(connect, 0, PROTOCOL_ID_HIGH);
  writeUint32(connect, 4, PROTOCOL_ID_LOW);
  socket.send(connect);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  const id = Uint8Array.from(answer.subarray(ResponseOffset.connectionId));
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const sendNext = (): void => {
      if (sent < peers) {
        const request = announceRequest(id);
        setPeer(request, sent++, torrents);
        socket.send(request);
      }
    };
    socket.on('message', (reply) => {
      if (reply[3] !== Action.announce) {
        reject(
          new Error(
            `an announce was refused: ${reply.subarray(ResponseOffset.errorText).toString('latin1')}`,
          ),
        );
      }
      answered++;
      if (answered === peers) {
        resolve();
      }
      sendNext();
    });
    socket.on('error', reject);
    for (let slot = 0; slot < WINDOW; slot++) {
      sendNext();
    }
  });
}

function announceRequest(connectionId: Uint8Array): Uint8Array {
  const request = new Uint8Array(ANNOUNCE_REQUEST_BYTES);
  request.set(connectionId, RequestOffset.connectionId);
  writeUint32(request, RequestOffset.action, Action.announce);
  writeUint32(request, RequestOffset.left + 4, 1000);
  writeUint32(request, RequestOffset.numWant, 50);
  return request;
}

/** Peers go to the torrents in turn, so that all swarms grow at once; within a torrent each has a port of its own. */
function setPeer(request: Uint8Array, peer: number, torrents: number): void {
  writeUint32(request, RequestOffset.infoHash + 16, peer % torrents);
  writeUint16(request, RequestOffset.port, 1 + Math.floor(peer / torrents));
}

await main();
