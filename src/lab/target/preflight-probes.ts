/** What a pre-flight tries beyond the first client: habits of a tracker that shape a load's figures. */
import { AnnounceEvent } from '../../wire/bep15.ts';
import { type AnnounceContent, announceRequest, connectRequest } from './preflight-requests.ts';
import type { NoReply, QuestionSocket } from './question-socket.ts';
import { readAnnounceReply, readConnectReply } from './reply-reading.ts';

/** More than the strictest limit known, 10 connects in 2 minutes from one address and port. */
const FURTHER_CONNECTS = 12;
/** A reply that takes this many times longer than the first, or this long, is none. */
const PATIENCE_ROUND_TRIPS = 5;
const LEAST_PATIENCE_MS = 200;
const MOST_PATIENCE_MS = 600;
const NANOS_PER_MS = 1e6;

/** How long a probe waits for its reply. It costs time only where the reply does not come. */
function patienceMs(rttNs: number): number {
  const expectedMs = (rttNs / NANOS_PER_MS) * PATIENCE_ROUND_TRIPS;
  return Math.min(MOST_PATIENCE_MS, Math.max(LEAST_PATIENCE_MS, expectedMs));
}

/**
 * Sends a few connects one after another. A limit shows by an end: up to it all are answered, after it none.
 *
 * @param rttNs - round trip of the first connect
 * @returns what to say; null where all were answered, or where some were lost on the way
 */
export async function probeConnectLimit(client: QuestionSocket, rttNs: number): Promise<string | null> {
  const timeoutMs = patienceMs(rttNs);
  const answers = await Promise.all(
    Array.from({ length: FURTHER_CONNECTS }, async () => {
      const reply = await client.ask(connectRequest(), timeoutMs);
      return isReply(reply) ? readConnectReply(reply) : null;
    }),
  );
  const accepted = answers.map((answer) => answer !== null && 'value' in answer);
  const served = accepted.lastIndexOf(true) + 1;
  if (served === FURTHER_CONNECTS || accepted.slice(0, served).includes(false)) return null;
  const again = await client.ask(connectRequest(), timeoutMs);
  if (isReply(again) && 'value' in readConnectReply(again)) return null;
  const refusal = answers.map((answer) => (answer !== null && 'refusal' in answer ? answer.refusal : null));
  const how = refusal.find((text) => text !== null) ?? 'then it was silent';
  return (
    `The tracker limits connects: it accepted ${served} of ${FURTHER_CONNECTS} further connects from one address ` +
    `(${how}). Connects of the load will fail; lift the limit in the tracker for a measurement.`
  );
}

interface IdBindingOptions extends AnnounceContent {
  /** An id that another socket was given, and that works there. */
  readonly connectionId: Uint8Array;
  readonly rttNs: number;
}

/**
 * Uses an id from another port than the one that it was given to. BEP 15 lets a tracker do as it likes here.
 *
 * @param client - a socket with the same address and another port
 * @returns what to say; null where the id is taken, or where this port is not served with an id of its own either
 */
export async function probeIdBinding(
  client: QuestionSocket,
  options: IdBindingOptions,
): Promise<string | null> {
  const timeoutMs = patienceMs(options.rttNs);
  // Nothing to take back afterwards.
  const announceAs = (id: Uint8Array) =>
    client.ask(announceRequest(id, options, AnnounceEvent.stopped), timeoutMs);
  if (isAccepted(await announceAs(options.connectionId))) return null;
  const reply = await client.ask(connectRequest(), timeoutMs);
  const own = isReply(reply) ? readConnectReply(reply) : { refusal: 'no reply' };
  if ('refusal' in own || !isAccepted(await announceAs(own.value))) return null;
  return (
    'The tracker binds connection ids to the port: an id from one port is refused on another. The figures do not suffer: ' +
    'each worker of the load uses an id on the socket that it was given to.'
  );
}

function isAccepted(reply: Uint8Array | NoReply): boolean {
  return isReply(reply) && 'value' in readAnnounceReply(reply, 4);
}

function isReply(reply: Uint8Array | NoReply): reply is Uint8Array {
  return reply instanceof Uint8Array;
}
