/** One debug line on a datagram and its answer. Made for a log at level `debug` only: it allocates freely. Pure. */
import { Action, ANNOUNCE_REQUEST_BYTES, RequestOffset, readUint16, readUint32 } from '../wire/bep15.ts';
import type { ReceivedBatch } from '../wire/udp-socket.ts';
import { CUT_OPTIONS, readUrlData } from './announce-options.ts';
import { DEFERRED } from './handle-datagram.ts';

const actionNames = new Map<number, string>([
  [Action.connect, 'connect'],
  [Action.announce, 'announce'],
  [Action.scrape, 'scrape'],
]);

/** Sender, action, lengths, and the URL data of an announce as JSON text, since it may hold anything. */
export function describeDatagram(batch: ReceivedBatch, index: number, answerBytes: number): string {
  const start = batch.offset(index);
  const length = batch.length(index);
  const action = length < 16 ? undefined : readUint32(batch.bytes, start + RequestOffset.action);
  const name = action === undefined ? 'short datagram' : (actionNames.get(action) ?? `action ${action}`);
  const late = answerBytes === DEFERRED ? 'answered later' : `${answerBytes} bytes back`;
  const answer = answerBytes === 0 ? 'no answer' : late;
  const line = `${name} from ${senderOf(batch, index)}: ${length} bytes, ${answer}`;
  if (action !== Action.announce || length <= ANNOUNCE_REQUEST_BYTES) {
    return line;
  }
  const urlData = new Uint8Array(length);
  const urlBytes = readUrlData(batch.bytes, start, start + length, urlData);
  if (urlBytes === CUT_OPTIONS) {
    return `${line}, options cut`;
  }
  if (urlBytes === 0) {
    return line;
  }
  return `${line}, URL data ${JSON.stringify(Buffer.from(urlData.subarray(0, urlBytes)).toString('utf8'))}`;
}

function senderOf(batch: ReceivedBatch, index: number): string {
  const address = new Uint8Array(16);
  batch.copyAddress(index, address, 0);
  if (batch.family(index) === 4) {
    return `${address.subarray(0, 4).join('.')}:${batch.port(index)}`;
  }
  const groups = Array.from({ length: 8 }, (_, group) => readUint16(address, 2 * group).toString(16));
  return `[${groups.join(':')}]:${batch.port(index)}`;
}
