/** The flame graphs of a run, and of two. */
import type { FlameData } from '../../page-data.ts';
import type { ProfileKind } from '../../run.ts';
import type { Bytes } from '../../units.ts';
import { valueIndexOf } from '../cost-shares.ts';
import { type Evidence, type LoadedProfile, profileOf } from '../evidence.ts';
import type { Profile, ValueType } from '../profile/profile.ts';
import { formatDuration } from '../report/format.ts';
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
      about: aboutProfile(loaded),
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
  readonly evidence: Evidence;
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
      before: requestsOf(before.evidence, entry.kind),
      after: requestsOf(after.evidence, entry.kind),
    };
    return pair.before === null || pair.after === null
      ? []
      : [{ ...entry, before: pair.before, after: pair.after }];
  });
  return pairs.flatMap(({ kind, label, opensWith, before: earlier, after: later }) => {
    const flame = differentialFlame({
      before: { label: before.label, profile: earlier.profile, requests: earlier.requests },
      after: { label: after.label, profile: later.profile, requests: later.requests },
      opensWith,
      mostBytes: budget(pairs.length),
    });
    return flame === null
      ? []
      : [{ id: kind, label, file: null, about: aboutPair(earlier, later), ...flame }];
  });
}

interface DifferentialSide {
  readonly label: string;
  readonly profile: Profile;
  /** What the profile's values are divided by; above 0. */
  readonly requests: number;
}

/**
 * The merged tree of two profiles, values per request. Stacks that only one of them has are in it with 0 on the other side.
 *
 * @returns null where they share no value type
 */
export function differentialFlame(options: {
  readonly before: DifferentialSide;
  readonly after: DifferentialSide;
  /** Value types in order of preference; default: the later profile's own. */
  readonly opensWith?: readonly string[];
  readonly mostBytes?: Bytes;
}): Omit<FlameData, 'id' | 'label' | 'file' | 'about'> | null {
  const { before, after } = options;
  const shared = after.profile.valueTypes.flatMap((valueType, index) => {
    const earlier = before.profile.valueTypes.findIndex((other) => isSame(valueType, other));
    return earlier < 0 ? [] : [{ valueType, index, earlier }];
  });
  if (shared.length === 0) return null;
  const tree = new CallTree(shared.length * 2);
  const columnsOf = (side: 'index' | 'earlier', offset: number) =>
    shared.map((entry, position) => ({ from: entry[side], to: offset + position }));
  tree.add(after.profile, columnsOf('index', 0), 1 / after.requests);
  tree.add(before.profile, columnsOf('earlier', shared.length), 1 / before.requests);
  const preferred = valueIndexOf(after.profile, ...(options.opensWith ?? []));
  return {
    valueTypes: shared.map(({ valueType }) => valueType),
    defaultValue: Math.max(
      0,
      shared.findIndex(({ index }) => index === preferred),
    ),
    ...encodeTree(tree, {
      mostBytes: options.mostBytes ?? MOST_GRAPH_BYTES,
      columnsBefore: shared.length,
    }),
    differential: { before: before.label, after: after.label },
  };
}

function isSame(a: ValueType, b: ValueType): boolean {
  return a.type === b.type && a.unit === b.unit;
}

function budget(graphs: number): Bytes {
  return Math.min(MOST_GRAPH_BYTES, Math.floor(MOST_FLAME_BYTES / Math.max(1, graphs)));
}

function requestsOf(evidence: Evidence, kind: ProfileKind): (LoadedProfile & { requests: number }) | null {
  const loaded = profileOf(evidence, kind);
  const requests = loaded === null ? 0 : answeredIn(evidence, loaded.record.phase);
  return loaded === null || requests === 0 ? null : { ...loaded, requests };
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

function aboutPair(
  before: LoadedProfile & { requests: number },
  after: LoadedProfile & { requests: number },
): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  return `Per request: ${count(before.requests)} requests answered before, ${count(after.requests)} after.`;
}
