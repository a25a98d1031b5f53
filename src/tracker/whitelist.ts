/**
 * The list of info hashes that a tracker serves, kept in step with its file. The file is looked at once a second and
 * read again when it was changed or replaced. While there is no file, or it cannot be read, nothing is allowed: a list
 * that got lost must not open the tracker to everybody.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { INFO_HASH_BYTES } from '../wire/bep15.ts';
import { fileIdentity } from './file-identity.ts';
import { InfoHashSet } from './info-hash-set.ts';
import type { Log } from './log.ts';
import { readWhitelistLine } from './whitelist-line.ts';

const DEFAULT_POLL_MS = 1000;
/** Lines that are named when they are no hash; the rest are only counted. */
const NAMED_LINES = 3;

export interface WhitelistOptions {
  readonly file: string;
  /** Two secret words, for the set. */
  readonly key: Uint32Array;
  readonly log: Log;
  /** Called with every new set, the first one included. */
  readonly onSet: (allowed: InfoHashSet) => void;
  /** How often the file is looked at. Default: every second. */
  readonly pollMs?: number;
}

export interface Whitelist {
  stop(): void;
}

/** Reads the list for the first time, then keeps looking. */
export async function followWhitelist(options: WhitelistOptions): Promise<Whitelist> {
  const { file, key, log, onSet } = options;
  let seen = await load();
  let busy = false;

  /** The file's identity is taken before it is read, so that a change meanwhile is seen the next time. */
  async function load(): Promise<string> {
    const identity = await fileIdentity(file);
    let allowed = new InfoHashSet(key);
    try {
      await readInto(allowed, file, log);
      log.info(`whitelist ${file}: ${allowed.size} info hashes`);
    } catch (error) {
      allowed = new InfoHashSet(key);
      log.warn(`whitelist ${file}: ${(error as Error).message}; nothing is allowed until it can be read`);
    }
    onSet(allowed);
    return identity;
  }

  async function look(): Promise<void> {
    if (busy) {
      return;
    }
    busy = true;
    try {
      if ((await fileIdentity(file)) !== seen) {
        seen = await load();
      }
    } finally {
      busy = false;
    }
  }

  const timer = setInterval(look, options.pollMs ?? DEFAULT_POLL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** Streams, so that a list of a million lines does not hold up the requests meanwhile. */
async function readInto(allowed: InfoHashSet, file: string, log: Log): Promise<void> {
  const hash = new Uint8Array(INFO_HASH_BYTES);
  let lineNumber = 0;
  let invalid = 0;
  const stream = createReadStream(file, { encoding: 'utf8' });
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  // readline does not pass on what goes wrong with its input.
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  const read = async (): Promise<void> => {
    for await (const line of lines) {
      lineNumber++;
      const kind = readWhitelistLine(line, hash);
      if (kind === 'hash') {
        allowed.add(hash, 0);
      } else if (kind === 'invalid') {
        invalid++;
        if (invalid <= NAMED_LINES) {
          log.warn(`whitelist ${file}: line ${lineNumber} is not 40 hex digits and is skipped`);
        }
      }
    }
  };
  await Promise.race([read(), failed]);
  if (invalid > NAMED_LINES) {
    log.warn(`whitelist ${file}: ${invalid} lines in all are not 40 hex digits`);
  }
}
