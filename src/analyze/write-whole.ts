import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { cannotWrite } from '../cannot-write.ts';

/**
 * Writes a file complete or not at all.
 *
 * @throws LabError `OUT_NOT_WRITABLE` that names the file
 */
export function writeWhole(file: string, content: string): void {
  const temporary = `${file}.tmp`;
  try {
    // A link under that name would have another file written, and one that appears meanwhile is no new file.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, content, { flag: 'wx' });
    renameSync(temporary, file);
  } catch (cause) {
    removeFile(temporary);
    throw cannotWrite(file, cause, 'free some space or make the folder writable');
  }
}

function removeFile(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // A folder of that name is why nothing could be written; it is not ours.
  }
}
