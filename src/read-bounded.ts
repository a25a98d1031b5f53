import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Bytes } from './units.ts';

/** What a text that a person wrote, or one of our own, stays far below: config files, lists, reports, histories. */
export const MOST_TEXT_BYTES: Bytes = 64 * 1024 * 1024;

/**
 * The bytes of a regular file that somebody else may have put there. A pipe would keep the reader waiting, a device has no
 * end, and a sparse file is larger than the memory: none of them is read.
 *
 * @throws Error that says why: the system's, with its `code`, or that it is no regular file or has more than `mostBytes`
 */
export function readBounded(file: string, mostBytes: Bytes): Buffer {
  // To open a pipe without this waits for its other end.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('it is no regular file');
    if (stats.size > mostBytes) {
      throw new Error(`it has ${stats.size} bytes, expected at most ${mostBytes}`);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
