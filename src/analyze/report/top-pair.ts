import { valueIndexOf } from '../cost-shares.ts';
import type { LoadedProfile } from '../evidence.ts';
import { chargedTable } from '../profile/charged-table.ts';
import { topTable } from '../profile/top-table.ts';
import type { TopPair } from './report-schema.ts';

/** Rows of each table in the report. */
const TOP_ROWS = 10;
/** Leaves told of a charged row. */
const TOLD_LEAVES = 5;

/**
 * The top tables of one profile: raw, and charged to the application.
 *
 * @param types - value types in order of preference; the profile's own default where it has none of them
 * @returns null where there is no profile
 */
export function topPair(loaded: LoadedProfile | null, types: readonly string[]): TopPair | null {
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const valueType = profile.valueTypes[valueIndexOf(profile, ...types)]?.type;
  const options = { count: TOP_ROWS, ...(valueType === undefined ? {} : { valueType }) };
  const raw = topTable(profile, options);
  const charged = chargedTable(profile, options);
  return {
    profile: record,
    raw: {
      valueType: raw.valueType,
      total: raw.total,
      durationNs: raw.durationNs,
      rows: [...raw.rows],
      omittedRows: raw.omittedRows,
    },
    charged: {
      ...charged,
      rows: charged.rows.map((row) => ({ ...row, via: row.via.slice(0, TOLD_LEAVES) })),
    },
  };
}
