import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { ExitCode, LabError } from '../../errors.ts';
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  AnnounceEvent,
  CONNECT_REQUEST_BYTES,
  INFO_HASH_BYTES,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  SCRAPE_HEAD_REQUEST_BYTES,
} from '../../wire/bep15.ts';
import { hostPort } from '../../wire/host-port.ts';
import {
  type AnnounceReading,
  readAnnounceReply,
  readConnectReply,
  readScrapeReply,
  type ScrapeReading,
  transactionIdOf,
} from './reply-reading.ts';

const CONNECT_TRIES = 3;
/** An announce may be lost like any datagram. */
const ANNOUNCE_TRIES = 2;
const TRY_TIMEOUT_MS = 1500;
/** A failure is known by then. */
const DEADLINE_MS = 5000;
/** The tries of announce and scrape get at least this long, however late the connect was. */
const LEAST_TRY_MS = 250;
/** A refused try fails at once; a tracker that is just starting gets this long before the next. */
const REFUSED_PAUSE_MS = 250;

interface PreflightOptions {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** A hash of the load, 20 bytes: a tracker with a whitelist has to know it. */
  readonly infoHash: Uint8Array;
  readonly numWant: number;
}

/** What one client saw of a tracker that works. */
export interface Preflight {
  /** Round trip of the connect that succeeded. */
  readonly rttNs: number;
  /** 1 to 3. */
  readonly connectTries: number;
  readonly announce: AnnounceReading;
  /** Null where the tracker does not answer scrapes with figures; `scrapeRefusal` says why. */
  readonly scrape: ScrapeReading | null;
  readonly scrapeRefusal: string | null;
}

/**
 * Proves before any load that a tracker is there and takes the load's hashes: three tries to connect, one announce, one
 * scrape; the peer of the announce is taken back. A failure is known within 5 seconds.
 *
 * @throws LabError `TARGET_UNREACHABLE` (an ICMP error or no route), `TARGET_SILENT`, `CONNECT_REFUSED`,
 * `ANNOUNCE_REFUSED`; all with exit code 12
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const where = `udp://${hostPort(options.address, options.port)}`;
  const family = isIPv6(options.address) ? 6 : 4;
  const client = await openClient(options, where);
  try {
    const startMs = performance.now();
    const { connectionId, rttNs, connectTries } = await connect(client, where);
    const leftMs = startMs + DEADLINE_MS - performance.now();
    const tryMs = Math.max(LEAST_TRY_MS, Math.min(TRY_TIMEOUT_MS, leftMs / ANNOUNCE_TRIES));
    const announce = await announceWith(client, connectionId, options, tryMs);
    if (!(announce instanceof Uint8Array)) throw silent(where, 'connects but no announce', announce);
    const announced = readAnnounceReply(announce, family);
    if ('refusal' in announced) throw announceRefused(where, announced.refusal);
    const reply = await client.ask(scrapeRequest(connectionId, options.infoHash), tryMs);
    const scraped =
      reply instanceof Uint8Array ? readScrapeReply(reply) : { refusal: describeSilence(reply) };
    client.tell(announceRequest(connectionId, options, AnnounceEvent.stopped));
    return {
      rttNs,
      connectTries,
      announce: announced.value,
      scrape: 'value' in scraped ? scraped.value : null,
      scrapeRefusal: 'refusal' in scraped ? scraped.refusal : null,
    };
  } finally {
    await client.close();
  }
}

async function connect(client: PreflightClient, where: string) {
  let last: NoReply = { refused: null };
  for (let connectTries = 1; connectTries <= CONNECT_TRIES; connectTries++) {
    const sentMs = performance.now();
    const reply = await client.ask(connectRequest(), TRY_TIMEOUT_MS);
    if (reply instanceof Uint8Array) {
      const rttNs = Math.round((performance.now() - sentMs) * 1e6);
      const connected = readConnectReply(reply);
      if ('refusal' in connected) throw connectRefused(where, connected.refusal);
      return { connectionId: connected.value, rttNs, connectTries };
    }
    last = reply;
    if (reply.refused !== null) await wait(REFUSED_PAUSE_MS);
  }
  throw last.refused === null
    ? silent(where, `none of ${CONNECT_TRIES} connects`, last)
    : unreachable(where, last.refused);
}

async function announceWith(
  client: PreflightClient,
  connectionId: Uint8Array,
  options: PreflightOptions,
  tryMs: number,
): Promise<Uint8Array | NoReply> {
  let reply: Uint8Array | NoReply = { refused: null };
  for (let tries = 0; tries < ANNOUNCE_TRIES && !(reply instanceof Uint8Array); tries++) {
    reply = await client.ask(announceRequest(connectionId, options, AnnounceEvent.started), tryMs);
  }
  return reply;
}

function connectRequest(): Buffer {
  const request = Buffer.alloc(CONNECT_REQUEST_BYTES);
  request.writeUInt32BE(PROTOCOL_ID_HIGH, 0);
  request.writeUInt32BE(PROTOCOL_ID_LOW, 4);
  return addressed(request, Action.connect);
}

function announceRequest(connectionId: Uint8Array, options: PreflightOptions, event: AnnounceEvent): Buffer {
  const request = Buffer.alloc(ANNOUNCE_REQUEST_BYTES);
  request.set(connectionId, RequestOffset.connectionId);
  request.set(options.infoHash, RequestOffset.infoHash);
  request.write('-TL0000-preflight000', RequestOffset.peerId, 'latin1');
  request.writeUInt32BE(1, RequestOffset.left + 4);
  request.writeUInt32BE(event, RequestOffset.event);
  request.writeInt32BE(options.numWant, RequestOffset.numWant);
  // The discard port: no other client gains from this peer in the moment that it is known.
  request.writeUInt16BE(9, RequestOffset.port);
  return addressed(request, Action.announce);
}

function scrapeRequest(connectionId: Uint8Array, infoHash: Uint8Array): Buffer {
  const request = Buffer.alloc(SCRAPE_HEAD_REQUEST_BYTES + INFO_HASH_BYTES);
  request.set(connectionId, RequestOffset.connectionId);
  request.set(infoHash, RequestOffset.infoHash);
  return addressed(request, Action.scrape);
}

function addressed(request: Buffer, action: Action): Buffer {
  request.writeUInt32BE(action, RequestOffset.action);
  request.writeUInt32BE(randomInt(2 ** 32), RequestOffset.transactionId);
  return request;
}

/** No reply came. `refused`: the code of the error that came instead, for example ECONNREFUSED; null: nothing came. */
interface NoReply {
  readonly refused: string | null;
}

interface PreflightClient {
  /** Sends one request and waits for the reply with its transaction id. */
  ask(request: Buffer, timeoutMs: number): Promise<Uint8Array | NoReply>;
  /** Sends one request whose answer does not matter. */
  tell(request: Buffer): void;
  close(): Promise<void>;
}

async function openClient({ address, port }: PreflightOptions, where: string): Promise<PreflightClient> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    await connectSocket(socket, port, address);
  } catch (error) {
    socket.close();
    throw unreachable(where, errorCode(error));
  }
  let onReply: ((reply: Uint8Array | NoReply) => void) | undefined;
  socket.on('message', (message) => onReply?.(message));
  // An ICMP error of an earlier datagram (ECONNREFUSED), or of the send itself.
  socket.on('error', (error) => onReply?.({ refused: errorCode(error) }));
  return {
    ask(request, timeoutMs) {
      return new Promise((resolve) => {
        const finish = (reply: Uint8Array | NoReply) => {
          clearTimeout(timer);
          onReply = undefined;
          resolve(reply);
        };
        const timer = setTimeout(finish, timeoutMs, { refused: null });
        onReply = (reply) => {
          const expected = request.readUInt32BE(RequestOffset.transactionId);
          if (!(reply instanceof Uint8Array) || transactionIdOf(reply) === expected) finish(reply);
        };
        socket.send(request, (error) => error && onReply?.({ refused: errorCode(error) }));
      });
    },
    tell(request) {
      socket.send(request, () => undefined);
    },
    close: () => closeSocket(socket),
  };
}

function connectSocket(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

/** After the sends that are under way. */
function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => setImmediate(() => socket.close(() => resolve())));
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function describeSilence({ refused }: NoReply): string {
  return refused === null ? 'no reply' : `no reply (${refused})`;
}

function unreachable(where: string, refused: string): LabError {
  return failure(
    'TARGET_UNREACHABLE',
    `nothing serves ${where} (${refused})`,
    'start the tracker, or check host and port (ss -lun lists what is served on this machine)',
  );
}

function silent(where: string, what: string, reply: NoReply): LabError {
  return failure(
    'TARGET_SILENT',
    `${where} answers ${what}: ${describeSilence(reply)}`,
    'check the port and the firewall, and that it speaks BEP 15 over UDP',
  );
}

function connectRefused(where: string, refusal: string): LabError {
  return failure(
    'CONNECT_REFUSED',
    `${where} refuses the connect: ${refusal}`,
    'check the limits of the tracker (connects per address), and that it speaks BEP 15',
  );
}

function announceRefused(where: string, refusal: string): LabError {
  return failure(
    'ANNOUNCE_REFUSED',
    `${where} refuses the announce: ${refusal}`,
    'a tracker with a whitelist has to know the hashes of the load: tracker-lab hashes > whitelist.txt writes them ' +
      '(same --seed and --swarm-hashes as the run)',
  );
}

function failure(code: string, message: string, hint: string): LabError {
  return new LabError({ code, message, hint, exitCode: ExitCode.trackerFailed });
}
