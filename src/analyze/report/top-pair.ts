import type { ProfileKind } from '../../run.ts';
import { valueIndexOf } from '../cost-shares.ts';
import { type Evidence, type LoadedProfile, profileOf } from '../evidence.ts';
import { chargedTable } from '../profile/charged-table.ts';
import { topTable } from '../profile/top-table.ts';
import type { Report, TopPair } from './report-schema.ts';

/** Rows of each table in the report. */
const TOP_ROWS = 10;
/** Leaves told of a charged row. */
const TOLD_LEAVES = 5;

type TopName = keyof Report['top'];

/** Which kind of profile each part of `top` is made of. */
export const profileOfTop: Readonly<Record<TopName, ProfileKind>> = {
  cpu: 'cpu',
  perf: 'perf',
  allocations: 'allocations',
  liveHeap: 'live-heap',
  heapGrowth: 'heap-growth',
  mutex: 'mutex',
  block: 'block',
  goroutine: 'goroutine',
};

/** The value type that each is about, in order of preference. */
const valueTypes: Readonly<Record<TopName, readonly string[]>> = {
  cpu: ['cpu', 'wall'],
  perf: ['cpu'],
  allocations: ['alloc_space'],
  liveHeap: ['inuse_space'],
  heapGrowth: ['inuse_space'],
  mutex: ['delay'],
  block: ['delay'],
  goroutine: ['goroutine'],
};

/** The top tables of every profile of a run; null where there is no such profile. */
export function topPairs(evidence: Evidence): Record<TopName, TopPair | null> {
  const pairs = Object.entries(profileOfTop).map(([name, kind]) => [
    name,
    topPair(profileOf(evidence, kind), valueTypes[name as TopName]),
  ]);
  return Object.fromEntries(pairs) as Record<TopName, TopPair | null>;
}

/** The tables of each of several trackers' CPU profiles, the runtime's own or perf's; null where one has neither. */
export function memberCpuTops({ memberProfiles = [] }: Evidence): (TopPair | null)[] {
  return memberProfiles.map((profiles) => {
    const own = (kind: ProfileKind) => profiles.find(({ record }) => record.kind === kind) ?? null;
    return topPair(own('cpu') ?? own('perf'), valueTypes.cpu);
  });
}

/** Kinds of which the report has tables. */
export function presentKinds({ top }: Pick<Report, 'top'>): ReadonlySet<ProfileKind> {
  return new Set(Object.values(top).flatMap((pair) => (pair === null ? [] : [pair.profile.kind])));
}

/** The tables of the CPU profile that the rules went by, as `cpuProfileOf` has it. */
export function cpuTop({ top }: Pick<Report, 'top'>): TopPair | null {
  return top.cpu ?? top.perf;
}

/**
 * The top tables of one profile: raw, and charged to the application.
 *
 * @param types - value types in order of preference; the profile's own default where it has none of them
 * @returns null where there is no profile
 */
function topPair(loaded: LoadedProfile | null, types: readonly string[]): TopPair | null {
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
