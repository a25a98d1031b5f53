/** Reads one line of a whitelist: an info hash as 40 hex digits, or nothing; a comment may follow. Pure. */
import { INFO_HASH_BYTES } from '../wire/bep15.ts';

const hashLine = /^[0-9a-fA-F]{40}$/;

/**
 * - `hash`: the 20 bytes were written to the target
 * - `empty`: blank, or a comment only
 * - `invalid`: anything else
 */
export type WhitelistLine = 'hash' | 'empty' | 'invalid';

/** @param target - receives 20 bytes where the line is a hash */
export function readWhitelistLine(line: string, target: Uint8Array): WhitelistLine {
  const commentAt = line.indexOf('#');
  const text = (commentAt < 0 ? line : line.slice(0, commentAt)).trim();
  if (text === '') {
    return 'empty';
  }
  if (!hashLine.test(text)) {
    return 'invalid';
  }
  for (let byte = 0; byte < INFO_HASH_BYTES; byte++) {
    target[byte] = Number.parseInt(text.slice(2 * byte, 2 * byte + 2), 16);
  }
  return 'hash';
}
