import { readFileSync, statSync } from 'node:fs';
import { LabError } from '../../errors.ts';
import { readBounded } from '../../read-bounded.ts';
import type { Bytes } from '../../units.ts';
import { chargedTable } from './charged-table.ts';
import { decodeProfile } from './decode-profile.ts';
import { formatCharged } from './format-charged.ts';
import { formatTop } from './format-top.ts';
import type { ChargedRow, TopTable } from './profile.ts';
import { type PprofTop, topTable } from './top-table.ts';

/** Compressed; a profile of a long stress run stays far below. */
const MOST_PROFILE_BYTES: Bytes = 256 * 1024 * 1024;

export interface ProfileTablesOptions {
  /** Most rows of each table. */
  readonly count: number;
  /** For example `alloc_space`. Default: the file's own default. */
  readonly valueType?: string;
}

/** The two top tables of one value type. */
export interface ProfileTables {
  /** As `go tool pprof -top` has it. */
  readonly raw: PprofTop;
  /** Charged to the nearest application function. */
  readonly charged: TopTable<ChargedRow>;
}

/**
 * Reads any pprof file and makes its top tables.
 *
 * @throws LabError `UNREADABLE_FILE`, `BAD_PROFILE`, `UNKNOWN_VALUE_TYPE`
 */
export function profileFileTables(file: string, options: ProfileTablesOptions): ProfileTables {
  const result = decodeProfile(readBytes(file), { fileName: file });
  if (!result.ok) throw result.problem;
  return { raw: topTable(result.profile, options), charged: chargedTable(result.profile, options) };
}

/** Both tables as text. */
export function formatProfileTables({ raw, charged }: ProfileTables): string {
  const text = `${formatTop(raw)}\nCharged to the nearest application function:\n${formatCharged(charged)}`;
  // Names are hostile text: nothing in them may steer a terminal.
  return text.replaceAll(/(?!\n)\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function readBytes(file: string): Uint8Array {
  try {
    // A pipe that was named on the command line is meant: `analyze <(…)`.
    return statSync(file).isFIFO() ? readFileSync(file) : readBounded(file, MOST_PROFILE_BYTES);
  } catch (cause) {
    throw new LabError({
      code: 'UNREADABLE_FILE',
      message: `${file} cannot be read (${(cause as Error).message})`,
      hint: 'check the path and its permissions',
      cause,
    });
  }
}
