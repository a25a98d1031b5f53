import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What differs when a file was written, replaced or removed; of one that cannot be looked at, why. */
export async function fileIdentity(file: string): Promise<string> {
  let found: BigIntStats;
  try {
    found = await stat(file, { bigint: true });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
  return `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}
