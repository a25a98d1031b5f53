import { isIPv6 } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { ExitCode, LabError } from '../../errors.ts';
import { AnnounceEvent } from '../../wire/bep15.ts';
import { hostPort } from '../../wire/host-port.ts';
import { type HashTrial, tryHashes } from './preflight-hashes.ts';
import { probeConnectLimit, probeIdBinding } from './preflight-probes.ts';
import {
  type AnnounceContent,
  announceRequest,
  connectRequest,
  scrapeRequest,
} from './preflight-requests.ts';
import { type NoReply, openQuestionSocket, type QuestionSocket } from './question-socket.ts';
import {
  type AnnounceReading,
  readAnnounceReply,
  readConnectReply,
  readScrapeReply,
  type ScrapeReading,
} from './reply-reading.ts';

const CONNECT_TRIES = 3;
/** An announce may be lost like any datagram. */
const ANNOUNCE_TRIES = 2;
const TRY_TIMEOUT_MS = 1200;
/** A failure is known by then. */
const DEADLINE_MS = 5000;
/** The tries of announce and scrape get at least this long, however late the connect was. */
const LEAST_TRY_MS = 250;
/** A refused try fails at once; a tracker that is just starting gets this long before the next. */
const REFUSED_PAUSE_MS = 250;

interface PreflightOptions extends AnnounceContent {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Further hashes of the load that are tried, 20 bytes each. Default: none. */
  readonly otherHashes?: readonly Uint8Array[];
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
  /** What a load has to expect of this tracker: a limit of connects, ids that belong to a port. One sentence or more each. */
  readonly notes: readonly string[];
}

/**
 * Proves before any load that a tracker is there and takes the load's hashes: three tries to connect, one announce, those of
 * some further hashes, one scrape, a few more connects, and the id from another port; the peer of the announce is taken back. A tracker that works
 * is left after some milliseconds, a failure is known within 5 seconds.
 *
 * @throws LabError `TARGET_UNREACHABLE` (an ICMP error or no route), `TARGET_SILENT`, `CONNECT_REFUSED`,
 * `ANNOUNCE_REFUSED`, `HASH_NOT_WHITELISTED`; all with exit code 12
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { address, port } = options;
  const where = `udp://${hostPort(address, port)}`;
  const first = await openQuestionSocket(address, port);
  if ('refused' in first) throw unreachable(where, first.refused ?? 'no route');
  const second = await openQuestionSocket(address, port);
  try {
    const startMs = performance.now();
    const { connectionId, rttNs, connectTries } = await connect(first, where);
    const leftMs = startMs + DEADLINE_MS - performance.now();
    const tryMs = Math.max(LEAST_TRY_MS, Math.min(TRY_TIMEOUT_MS, leftMs / ANNOUNCE_TRIES));
    const announce = await announceWith(first, connectionId, options, tryMs);
    if (!(announce instanceof Uint8Array)) throw silent(where, 'connects but no announce', announce);
    const trial = await tryHashes(first, {
      ...options,
      connectionId,
      firstAnswer: announce,
      others: options.otherHashes ?? [],
      timeoutMs: tryMs,
    });
    const announced = readAnnounceReply(announce, isIPv6(address) ? 6 : 4);
    if ('refusal' in announced || trial.example !== null) {
      throw hashesRefused(where, trial, trial.example ?? { infoHash: options.infoHash, text: null });
    }
    const reply = await first.ask(scrapeRequest(connectionId, options.infoHash), tryMs);
    const scraped =
      reply instanceof Uint8Array ? readScrapeReply(reply) : { refusal: describeSilence(reply) };
    const notes: (string | null)[] = [];
    if (!('refused' in second)) {
      notes.push(
        await probeConnectLimit(second, rttNs),
        await probeIdBinding(second, { connectionId, rttNs, ...options }),
      );
    }
    first.tell(announceRequest(connectionId, options, AnnounceEvent.stopped));
    return {
      rttNs,
      connectTries,
      announce: announced.value,
      scrape: 'value' in scraped ? scraped.value : null,
      scrapeRefusal: 'refusal' in scraped ? scraped.refusal : null,
      notes: notes.filter((note) => note !== null),
    };
  } finally {
    await first.close();
    if (!('refused' in second)) await second.close();
  }
}

async function connect(client: QuestionSocket, where: string) {
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
  client: QuestionSocket,
  connectionId: Uint8Array,
  content: AnnounceContent,
  tryMs: number,
): Promise<Uint8Array | NoReply> {
  let reply: Uint8Array | NoReply = { refused: null };
  for (let tries = 0; tries < ANNOUNCE_TRIES && !(reply instanceof Uint8Array); tries++) {
    reply = await client.ask(announceRequest(connectionId, content, AnnounceEvent.started), tryMs);
  }
  return reply;
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

/** The lab's hashes are the same in every run of the same seed. */
const WHITELIST_HINT =
  'tracker-lab hashes > whitelist.txt writes the hashes of the load (same --seed and --swarm-hashes as the run); load it ' +
  'into the tracker, or pass hashes that it knows with --info-hashes FILE';

function hashesRefused(
  where: string,
  { tried, refused }: HashTrial,
  { infoHash, text }: NonNullable<HashTrial['example']>,
): LabError {
  const hash = Buffer.from(infoHash).toString('hex');
  const howMany = tried === 1 ? 'the one info hash' : `${refused} of the ${tried} info hashes`;
  if (text !== null) {
    return failure(
      'ANNOUNCE_REFUSED',
      `${where} refuses ${howMany} that were tried (${hash}): ${text}`,
      `a tracker with a whitelist has to know the hashes of the load: ${WHITELIST_HINT}`,
    );
  }
  return failure(
    'HASH_NOT_WHITELISTED',
    `${where} refuses ${howMany} that were tried (${hash}): its reply has 8 bytes instead of at least 20, as of a tracker ` +
      'with a whitelist for a hash that is not in it',
    WHITELIST_HINT,
  );
}

function failure(code: string, message: string, hint: string): LabError {
  return new LabError({ code, message, hint, exitCode: ExitCode.trackerFailed });
}
