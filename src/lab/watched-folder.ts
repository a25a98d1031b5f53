import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Watchdog } from './watchdog.ts';

/** A folder for temporary files that does not outlive the lab. */
export interface WatchedFolder {
  readonly folder: string;
  /** To be dismissed when the folder has been removed. */
  readonly watchdog: Watchdog;
}

/**
 * Makes a new folder that only this user may enter. Its watchdog is there before it: a lab that is killed in between leaves
 * nothing.
 *
 * @param prefix - of its name, to which 12 random characters are added
 * @param afterS - how long other processes may still write into it once the lab is gone, in seconds. Default: 0
 *
 * @throws the system's error where it cannot be made
 */
export function makeWatchedFolder(parent: string, prefix: string, afterS = 0): WatchedFolder {
  const folder = path.join(parent, `${prefix}${randomUUID().slice(-12)}`);
  const watchdog = new Watchdog('sleep "$2"; rm -rf -- "$1"', [folder, String(afterS)]);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    watchdog.dismiss();
    throw error;
  }
  return { folder, watchdog };
}
