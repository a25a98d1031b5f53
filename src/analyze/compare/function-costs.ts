/** What each function cost per answered request in one run; the lab's own preload is left out. Pure. */
import { isIdle, valueAt, valueIndexOf } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence, type LoadedProfile, profileOf } from '../evidence.ts';
import { answeredIn } from '../page/answered.ts';
import { chargedTable } from '../profile/charged-table.ts';
import { isLabAgentFile } from '../profile/frame-classes.ts';

/** Cost of one function. Lines are left out: they move between two versions of a file. */
interface FunctionCost {
  readonly functionName: string;
  readonly file: string;
  readonly perRequest: number;
}

/** By name and file. */
export type CostByFunction = ReadonlyMap<string, FunctionCost>;

interface ProfileCosts {
  /** Every cost charged to the nearest application function. */
  readonly charged: CostByFunction;
  /** Only what the function did itself. */
  readonly self: CostByFunction;
}

export interface FunctionCosts {
  /** Nanoseconds per request; null where there is no CPU profile, or nothing was answered. */
  readonly cpu: ProfileCosts | null;
  /** Bytes per request; null as above. */
  readonly allocations: ProfileCosts | null;
}

/** The row of the charged table. */
const LAB_AGENT = '(lab agent)';

const nanosecondsOf: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

export function functionCosts(evidence: Evidence): FunctionCosts {
  return {
    cpu: costsOf(evidence, cpuProfileOf(evidence), ['cpu', 'wall'], nanosecondsOf),
    allocations: costsOf(evidence, profileOf(evidence, 'allocations'), ['alloc_space'], { bytes: 1 }),
  };
}

/** @param factors - by the unit of the profile; any other unit is not that of a cost */
function costsOf(
  evidence: Evidence,
  loaded: LoadedProfile | null,
  valueTypes: readonly string[],
  factors: Readonly<Record<string, number>>,
): ProfileCosts | null {
  if (loaded === null) return null;
  const { profile, record } = loaded;
  const requests = answeredIn(evidence, record.phase);
  const valueIndex = valueIndexOf(profile, ...valueTypes);
  const valueType = profile.valueTypes[valueIndex];
  const factor = factors[valueType?.unit ?? ''];
  if (requests === 0 || valueType === undefined || factor === undefined) return null;
  const charged = new Map<string, FunctionCost>();
  for (const row of chargedTable(profile, { valueType: valueType.type, count: 0 }).rows) {
    const isAgent = row.file === '' && row.functionName === LAB_AGENT;
    if (row.class !== 'idle' && !isAgent) add(charged, row, (row.value * factor) / requests);
  }
  const self = new Map<string, FunctionCost>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const leaf = profile.frames[profile.stackFrames[profile.stackStart[sample] as number] as number];
    const isEmpty = profile.stackStart[sample] === profile.stackStart[sample + 1];
    if (leaf === undefined || isEmpty || isIdle(profile, sample) || isLabAgentFile(leaf.file)) continue;
    add(self, leaf, (valueAt(profile, valueIndex, sample) * factor) / requests);
  }
  return { charged, self };
}

function add(
  costs: Map<string, FunctionCost>,
  { functionName, file }: { readonly functionName: string; readonly file: string },
  perRequest: number,
): void {
  const key = `${functionName}\0${file}`;
  const before = costs.get(key)?.perRequest ?? 0;
  costs.set(key, { functionName, file, perRequest: before + perRequest });
}
