import { fileIdentity } from './file-identity.ts';
import type { Log } from './log.ts';
import { readSecretFile, type Secrets } from './secret-file.ts';

const DEFAULT_POLL_MS = 1000;

export interface FollowSecretOptions {
  readonly file: string;
  readonly log: Log;
  /** Called with what stands in the file at first, and after each change. */
  readonly onSecrets: (secrets: Secrets) => void;
  /** How often the file is looked at. Default: every second. */
  readonly pollMs?: number;
}

/**
 * Keeps a tracker's secrets in step with their file, so that the secret of several instances can be changed under their clients. A file
 * that got lost or is no good changes nothing.
 *
 * @throws LabError `BAD_SECRET_FILE` of the first reading
 */
export async function followSecret({
  file,
  log,
  onSecrets,
  pollMs = DEFAULT_POLL_MS,
}: FollowSecretOptions): Promise<{ stop(): void }> {
  let seen = await fileIdentity(file);
  onSecrets(await readSecretFile(file));
  let busy = false;

  async function lookAtSecret(): Promise<void> {
    const identity = busy ? seen : await fileIdentity(file);
    if (identity === seen) return;
    busy = true;
    seen = identity;
    try {
      const secrets = await readSecretFile(file);
      onSecrets(secrets);
      log.info(`${file} was read again: ${secrets.also === null ? 'one secret' : 'two secrets'}`);
    } catch (error) {
      log.warn(`${(error as Error).message}; the secrets stay as they were`);
    } finally {
      busy = false;
    }
  }

  const timer = setInterval(lookAtSecret, pollMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
