/** Reads of /proc that may find nothing: a process or thread can end between two of them, or belong to somebody else. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The file's text; empty where it cannot be read. */
export function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** The names in a folder; null where it cannot be read. */
export function listProc(folder: string): string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}

/** Where a link points to; empty where it cannot be read. */
export function readProcLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
