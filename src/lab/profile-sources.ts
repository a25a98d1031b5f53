import type { ProfileKind, Scenario } from '../run.ts';
import { DEFAULT_CPU_INTERVAL_MICROS, DEFAULT_HEAP_INTERVAL_BYTES } from './capture/agent-protocol.ts';
import { agentSource } from './capture/agent-source.ts';
import { goPprofSource } from './capture/go/go-pprof-source.ts';
import { perfSource } from './capture/perf/perf-source.ts';
import type { ProfileSource } from './capture/profile-source.ts';
import { severalSource } from './capture/several-source.ts';
import { listed } from './config/tracker-settings.ts';
import type { Target } from './target/open-target.ts';

/** What the operator said of profiling. */
export interface ProfilingWish {
  /** URL of a Go program's pprof handlers, or those of several parted by commas ({@link listed}); null: none. */
  readonly pprof: string | null;
  /** Profile by perf too. A process that has no other profiler is profiled by perf anyway. */
  readonly perf: boolean;
  readonly allowRemote: boolean;
}

export interface PlannedSources {
  /** On since the target's start, and taken at the end of warm-up; null: there is none. */
  readonly warmupSource: ProfileSource | null;
  /** Of the profiled phase; none: there is no such phase. */
  readonly sources: readonly ProfileSource[];
}

/** How this target can be profiled, and when. */
export function planProfileSources(target: Target, scenario: Scenario, wish: ProfilingWish): PlannedSources {
  if (scenario.profileDurationMs === 0) return { warmupSource: null, sources: [] };
  if (target.members !== undefined) {
    return { warmupSource: null, sources: sourcesOfSeveral(target.members, wish) };
  }
  const preload =
    target.agent === null
      ? null
      : agentSource(target.agent, {
          cpu: { intervalMicros: DEFAULT_CPU_INTERVAL_MICROS },
          allocations: { intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES },
        });
  const endpoint =
    wish.pprof === null
      ? null
      : withoutKinds(goPprofSource({ url: wish.pprof, allowRemote: wish.allowRemote }), preload?.kinds ?? []);
  const hasOther = preload !== null || endpoint !== null;
  const perf =
    wish.perf || (!hasOther && target.pids().length > 0) ? perfSource({ pids: () => target.pids() }) : null;
  return {
    warmupSource: preload,
    sources: [preload, endpoint, perf].filter((source) => source !== null),
  };
}

/** Each tracker by its own endpoint, and by perf where it is asked for or there is no endpoint. */
function sourcesOfSeveral(members: readonly Target[], wish: ProfilingWish): ProfileSource[] {
  const { pprof, perf, allowRemote } = wish;
  const isKnown = members.every((member) => member.pids().length > 0);
  const each = (source: (member: Target, index: number) => ProfileSource): ProfileSource =>
    severalSource(
      members.map((member, index) => ({ address: member.record.address, source: source(member, index) })),
    );
  const urls = pprof === null ? [] : listed(pprof);
  return [
    ...(urls.length === 0
      ? []
      : [each((_, index) => goPprofSource({ url: urls[index] ?? '', allowRemote }))]),
    ...(perf || (urls.length === 0 && isKnown)
      ? [each((member) => perfSource({ pids: () => member.pids() }))]
      : []),
  ];
}

/**
 * A source without the kinds that another one has already: a URL that gives nothing must not read as if their files
 * lacked something.
 */
function withoutKinds(source: ProfileSource, kinds: readonly ProfileKind[]): ProfileSource {
  const kept = <One extends { readonly kind: ProfileKind }>(all: readonly One[]): One[] =>
    all.filter(({ kind }) => !kinds.includes(kind));
  const { probe } = source;
  return {
    name: source.name,
    kinds: source.kinds.filter((kind) => !kinds.includes(kind)),
    ...(probe && { probe: async () => kept(await probe.call(source)) }),
    start: async (options) => kept(await source.start(options)),
    async stop(options) {
      const { files, missing } = await source.stop(options);
      return { files: kept(files), missing: kept(missing) };
    },
  };
}
