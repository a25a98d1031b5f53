/** The flame graphs of a run, and of two. */
import type { FlameData } from '../../page-data.ts';
import type { ProfileKind } from '../../run.ts';
import type { Bytes } from '../../units.ts';
import { valueIndexOf } from '../cost-shares.ts';
import { type Evidence, type LoadedProfile, profileOf } from '../evidence.ts';
import type { Profile, ValueType } from '../profile/profile.ts';
import { formatCount, formatDuration, formatMegabytes } from '../report/format.ts';
import { answeredIn } from './answered.ts';
import { CallTree } from './call-tree.ts';
import { encodeTree } from './encode-tree.ts';

/** All flame graphs of a page together; its script, charts and tables need the rest of 1.5 MB. */
const MOST_FLAME_BYTES: Bytes = 1_050_000;
/** One graph never needs more than this. */
const MOST_GRAPH_BYTES: Bytes = 420_000;

/** Kinds in the order of their tabs, and the value type that each opens with. */
const kinds: readonly {
  readonly kind: ProfileKind;
  readonly label: string;
  readonly opensWith: readonly string[];
}[] = [
  { kind: 'cpu', label: 'CPU', opensWith: ['cpu', 'wall'] },
  { kind: 'perf', label: 'CPU by perf (native, kernel)', opensWith: ['cpu'] },
  { kind: 'allocations', label: 'Allocations', opensWith: ['alloc_space'] },
  { kind: 'live-heap', label: 'Live heap', opensWith: ['inuse_space'] },
  { kind: 'heap-growth', label: 'Heap growth', opensWith: ['inuse_space'] },
  { kind: 'mutex', label: 'Mutex (who held locks)', opensWith: ['delay'] },
  { kind: 'block', label: 'Block (who waited)', opensWith: ['delay'] },
  { kind: 'goroutine', label: 'Goroutines', opensWith: ['goroutine'] },
];

/** A graph for every profile of a run, in the order in which they are shown. */
export function flameGraphs(evidence: Evidence): FlameData[] {
  const present = kinds.flatMap((entry) => {
    const loaded = profileOf(evidence, entry.kind);
    return loaded === null ? [] : [{ ...entry, loaded }];
  });
  return present.map(({ kind, label, opensWith, loaded }) => {
    const { profile, record } = loaded;
    const tree = new CallTree(profile.valueTypes.length);
    tree.add(
      profile,
      profile.valueTypes.map((_, index) => ({ from: index, to: index })),
    );
    return {
      id: kind,
      label,
      file: record.file,
      about: `${aboutProfile(loaded)}${aboutLosses(kind, profile)}`,
      valueTypes: profile.valueTypes,
      defaultValue: valueIndexOf(profile, ...opensWith),
      ...encodeTree(tree, { mostBytes: budget(present.length), columnsBefore: 0 }),
      differential: null,
    };
  });
}

/** One side of a comparison. */
export interface FlameSide {
  /** What the reader calls it, for example a run id or a revision. Hostile text is fine. */
  readonly label: string;
  /** Their profiles are added up, and so are their requests. */
  readonly runs: readonly Evidence[];
}

/**
 * A differential graph for every kind of profile that both runs have: values are per answered request of the phase in
 * which the profile was taken, so that a faster run does not look costlier for it.
 *
 * @returns empty where the runs share no kind, or one of them answered nothing
 */
export function differentialGraphs(before: FlameSide, after: FlameSide): FlameData[] {
  const pairs = kinds.flatMap((entry) => {
    const pair = {
      ...entry,
      before: profilesOf(before.runs, entry.kind),
      after: profilesOf(after.runs, entry.kind),
    };
    return pair.before === null || pair.after === null
      ? []
      : [{ ...entry, before: pair.before, after: pair.after }];
  });
  return pairs.flatMap(({ kind, label, opensWith, before: earlier, after: later }) => {
    const flame = differentialFlame({
      before: { label: before.label, ...earlier },
      after: { label: after.label, ...later },
      opensWith,
      mostBytes: budget(pairs.length),
    });
    return flame === null
      ? []
      : [{ id: kind, label, file: null, about: aboutPair(kind, earlier, later), ...flame }];
  });
}

interface DifferentialSide {
  readonly label: string;
  /** One or more; value types are those that all of them have. */
  readonly profiles: readonly Profile[];
  /** What the sum of the profiles' values is divided by; above 0. */
  readonly requests: number;
}

/**
 * The merged tree of two sides, values per request, idle samples left out. Stacks that only one of them has are in it with 0 on the other side.
 *
 * @returns null where they share no value type
 */
export function differentialFlame(options: {
  readonly before: DifferentialSide;
  readonly after: DifferentialSide;
  /** Value types in order of preference; default: the first later profile's own. */
  readonly opensWith?: readonly string[];
  readonly mostBytes?: Bytes;
}): Omit<FlameData, 'id' | 'label' | 'file' | 'about'> | null {
  const { before, after } = options;
  const [first] = after.profiles;
  const all = [...before.profiles, ...after.profiles];
  const shared = (first?.valueTypes ?? []).filter((valueType) =>
    all.every((profile) => indexOf(profile, valueType) >= 0),
  );
  if (first === undefined || shared.length === 0) return null;
  const tree = new CallTree(shared.length * 2);
  const addSide = ({ profiles, requests }: DifferentialSide, offset: number): void => {
    for (const profile of profiles) {
      const columns = shared.map((valueType, position) => ({
        from: indexOf(profile, valueType),
        to: offset + position,
      }));
      // How long a program waited for a request is no cost of one.
      tree.add(profile, columns, { scale: 1 / requests, withIdle: false });
    }
  };
  addSide(after, 0);
  addSide(before, shared.length);
  const preferred = first.valueTypes[valueIndexOf(first, ...(options.opensWith ?? []))];
  return {
    valueTypes: shared,
    defaultValue: Math.max(0, preferred === undefined ? -1 : shared.indexOf(preferred)),
    ...encodeTree(tree, {
      mostBytes: options.mostBytes ?? MOST_GRAPH_BYTES,
      columnsBefore: shared.length,
    }),
    differential: { before: before.label, after: after.label },
  };
}

function indexOf(profile: Profile, { type, unit }: ValueType): number {
  return profile.valueTypes.findIndex((other) => other.type === type && other.unit === unit);
}

function budget(graphs: number): Bytes {
  return Math.min(MOST_GRAPH_BYTES, Math.floor(MOST_FLAME_BYTES / Math.max(1, graphs)));
}

/** Of the runs that have such a profile and answered something; null where none does. */
function profilesOf(
  runs: readonly Evidence[],
  kind: ProfileKind,
): { readonly profiles: readonly Profile[]; readonly requests: number } | null {
  const profiles: Profile[] = [];
  let requests = 0;
  for (const evidence of runs) {
    const loaded = profileOf(evidence, kind);
    const answered = loaded === null ? 0 : answeredIn(evidence, loaded.record.phase);
    if (loaded === null || answered === 0) continue;
    profiles.push(loaded.profile);
    requests += answered;
  }
  return profiles.length === 0 ? null : { profiles, requests };
}

function aboutProfile({ record }: LoadedProfile): string {
  const { durationNs, interval, phase, source } = record;
  const length =
    durationNs === 0
      ? `at the end of the ${phase} phase`
      : `${formatDuration(durationNs / 1e6)} of the ${phase} phase`;
  const every =
    interval === null ? '' : `, one sample every ${interval.value.toLocaleString('en-US')} ${interval.unit}`;
  return `${record.file}: ${length}${every}, by ${source}.`;
}

/** A profile of what grew may have values below 0, which have no width. */
function aboutLosses(kind: ProfileKind, profile: Profile): string {
  if (kind !== 'heap-growth') return '';
  const index = valueIndexOf(profile, 'inuse_space');
  const values = profile.values[index] ?? new Float64Array();
  const lost = values.reduce((sum, value) => sum - Math.min(0, value), 0);
  if (lost === 0) return ' What was allocated in that time and kept.';
  const size = profile.valueTypes[index]?.unit === 'bytes' ? formatMegabytes(lost) : formatCount(lost);
  return ` Only stacks whose part of the heap grew are shown; ${size} of other stacks, which shrank, have no width here and stand in the tables with values below 0.`;
}

function aboutPair(
  kind: ProfileKind,
  before: { readonly profiles: readonly Profile[]; readonly requests: number },
  after: { readonly profiles: readonly Profile[]; readonly requests: number },
): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  const [one, other] = [before.profiles.length, after.profiles.length];
  const runs = one === 1 && other === 1 ? '' : `, in ${one} and ${other} runs`;
  return `Per request: ${count(before.requests)} requests answered before, ${count(after.requests)} after${runs}.${kind === 'heap-growth' ? ' Stacks whose part of the heap shrank count as 0.' : ''}`;
}
