import { readFile } from 'node:fs/promises';
import { ExitCode, LabError } from '../errors.ts';

/** A shorter secret could be found by trying, from a single connection id. 16 characters of base64 are 96 bits. */
const SHORTEST_SECRET = 16;

/** What connection ids are made from. */
export interface Secrets {
  /** New ids are made from it. */
  readonly current: string;
  /** Ids that were made from it are good as well; null: there is no such one. */
  readonly also: string | null;
}

/**
 * The secrets in a file: its first line, and its second where there is one.
 *
 * @throws LabError `BAD_SECRET_FILE` where the file cannot be read or a secret is short; its text has none of them
 */
export async function readSecretFile(file: string): Promise<Secrets> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw badSecretFile(
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`,
      cause,
    );
  }
  const [current = '', also = ''] = text.split('\n', 2).map((line) => line.trim());
  for (const [name, { length }] of [['first', current] as const, ['second', also] as const]) {
    if (length < SHORTEST_SECRET && !(name === 'second' && length === 0)) {
      throw badSecretFile(
        `the ${name} line of ${file} has ${length} characters, not ${SHORTEST_SECRET} or more`,
      );
    }
  }
  return { current, also: also === '' ? null : also };
}

function badSecretFile(message: string, cause?: unknown): LabError {
  return new LabError({
    code: 'BAD_SECRET_FILE',
    message,
    hint: 'write one with: head -c 32 /dev/urandom | base64 > FILE && chmod 600 FILE',
    exitCode: ExitCode.trackerFailed,
    ...(cause === undefined ? {} : { cause }),
  });
}
