/** What replies have in common, and the texts of error replies. Pure. */
import { Action, ERROR_HEAD_BYTES, RequestOffset, ResponseOffset, writeUint32 } from '../wire/bep15.ts';

/** The tracker's error texts as they go on the wire. Encoded once: an error reply allocates nothing. */
export const errorTexts = {
  expiredConnectionId: encodeText('connection id expired'),
  shortAnnounce: encodeText('announce is shorter than 98 bytes'),
  portZero: encodeText('port 0 cannot be announced'),
  notOnWhitelist: encodeText('info_hash is not on the whitelist of this tracker'),
  badScrape: encodeText('scrape needs info hashes of 20 bytes each'),
  scrapeUnfinished: encodeText('not all counts could be had in time; please scrape again'),
  storeUnavailable: encodeText('swarms cannot be reached now; please announce again later'),
  unknownAction: encodeText('unknown action'),
};

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Writes action and transaction id of the reply to the request at `start`: the first 8 bytes, at `at`. */
export function writeHead(
  action: Action,
  request: Uint8Array,
  start: number,
  response: Uint8Array,
  at: number,
): void {
  writeUint32(response, at + ResponseOffset.action, action);
  for (let byte = 0; byte < 4; byte++) {
    const sent = request[start + RequestOffset.transactionId + byte] as number;
    response[at + ResponseOffset.transactionId + byte] = sent;
  }
}

/**
 * Writes an error reply to the request at `start`, at `at`.
 *
 * @returns its length in bytes
 */
export function writeError(
  text: Uint8Array,
  request: Uint8Array,
  start: number,
  response: Uint8Array,
  at: number,
): number {
  writeHead(Action.error, request, start, response, at);
  response.set(text, at + ResponseOffset.errorText);
  return ERROR_HEAD_BYTES + text.length;
}
