import { readFile } from 'node:fs/promises';
import { ExitCode, LabError } from '../errors.ts';

/** A shorter secret could be found by trying, from a single connection id. 16 characters of base64 are 96 bits. */
const SHORTEST_SECRET = 16;

/**
 * The secret in a file: its first line.
 *
 * @throws LabError `BAD_SECRET_FILE` where the file cannot be read or the secret is short; its text has none of it
 */
export async function readSecretFile(file: string): Promise<string> {
  let secret: string;
  try {
    secret = ((await readFile(file, 'utf8')).split('\n', 1)[0] as string).trim();
  } catch (cause) {
    throw badSecretFile(
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`,
      cause,
    );
  }
  if (secret.length < SHORTEST_SECRET) {
    throw badSecretFile(
      `the first line of ${file} has ${secret.length} characters, not ${SHORTEST_SECRET} or more`,
    );
  }
  return secret;
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
