/**
 * The options behind an announce request: the path and query of the tracker's URL. They are optional and come from
 * strangers; whatever they hold, the announce in front of them stands. Pure.
 *
 * @see https://www.bittorrent.org/beps/bep_0041.html
 */
import { RequestOffset } from '../wire/bep15.ts';

/** Option types of BEP 41; all others have a length byte and are skipped. */
const Option = { endOfOptions: 0, nop: 1, urlData: 2 } as const;

/** An option's length reaches beyond the datagram. */
export const CUT_OPTIONS = -1;

/**
 * Walks the options of an announce and gathers the URL data, which may come in several pieces.
 *
 * @param bytes - holds the datagram from `start` to `end`, at least 98 bytes
 * @param target - receives the URL data; as long as the datagram is long enough
 * @returns length of the URL data in bytes, 0 where there is none, or {@link CUT_OPTIONS}
 */
export function readUrlData(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let urlBytes = 0;
  let at = start + RequestOffset.options;
  while (at < end) {
    const type = bytes[at++] as number;
    if (type === Option.endOfOptions) {
      break;
    }
    if (type === Option.nop) {
      continue;
    }
    const length = at < end ? (bytes[at++] as number) : Number.POSITIVE_INFINITY;
    if (at + length > end) {
      return CUT_OPTIONS;
    }
    if (type === Option.urlData) {
      for (let byte = 0; byte < length; byte++) {
        target[urlBytes++] = bytes[at + byte] as number;
      }
    }
    at += length;
  }
  return urlBytes;
}
