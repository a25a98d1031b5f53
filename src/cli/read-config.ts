import path from 'node:path';
import { LabError } from '../errors.ts';
import { CONFIG_FILE, type LabConfig, parseConfig } from '../lab/config/parse-config.ts';
import { readBounded } from '../read-bounded.ts';
import type { Bytes } from '../units.ts';

/** A config has some kilobytes. What is wrong in it is gathered, which takes many times its size. */
const MOST_CONFIG_BYTES: Bytes = 256 * 1024;

/**
 * Reads the config file.
 *
 * @param given - as the user named it; undefined: `lab.config.json` in `cwd`, which may be missing
 * @returns null where there is none
 * @throws LabError `CONFIG_UNREADABLE`, or `BAD_CONFIG` as `parseConfig`
 */
export function readConfig(given: string | undefined, cwd: string): LabConfig | null {
  const file = path.resolve(cwd, given ?? CONFIG_FILE);
  let text: string;
  try {
    text = readBounded(file, MOST_CONFIG_BYTES).toString('utf8');
  } catch (cause) {
    if (given === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new LabError({
      code: 'CONFIG_UNREADABLE',
      message: `cannot read ${file} (${cause instanceof Error ? cause.message : String(cause)})`,
      hint: 'check the path; tracker-lab init writes an example',
      cause,
    });
  }
  return parseConfig(text, file);
}
