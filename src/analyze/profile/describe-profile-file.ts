import { readFileSync } from 'node:fs';
import { LabError } from '../../errors.ts';
import { chargedTable } from './charged-table.ts';
import { decodeProfile } from './decode-profile.ts';
import { formatCharged } from './format-charged.ts';
import { formatTop } from './format-top.ts';
import { topTable } from './top-table.ts';

export interface DescribeProfileFileOptions {
  /** Most rows of each table. */
  readonly count: number;
  /** For example `alloc_space`. Default: the file's own default. */
  readonly valueType?: string;
}

/**
 * The two top tables of a pprof file as text: as `go tool pprof -top` has them, then charged to the application.
 *
 * @throws LabError `UNREADABLE_FILE`, `BAD_PROFILE`, `UNKNOWN_VALUE_TYPE`
 */
export function describeProfileFile(file: string, options: DescribeProfileFileOptions): string {
  const result = decodeProfile(readBytes(file), { fileName: file });
  if (!result.ok) throw result.problem;
  const top = formatTop(topTable(result.profile, options));
  const charged = formatCharged(chargedTable(result.profile, options));
  return `${top}\nCharged to the nearest application function:\n${charged}`;
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new LabError({
      code: 'UNREADABLE_FILE',
      message: `${file} cannot be read (${(cause as Error).message})`,
      hint: 'check the path and its permissions',
      cause,
    });
  }
}
