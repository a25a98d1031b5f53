import { plural } from '../plural.ts';
import {
  type MissingProfile,
  type ProfileFile,
  type ProfileKind,
  RUN_SCHEMA_VERSION,
  type Run,
} from '../run.ts';
import type { CapturedProfiles } from './capture/profile-source.ts';
import type { InterruptionCause } from './interruption.ts';
import type { LoadResult } from './load/load-pool.ts';
import { memberRecords } from './member-records.ts';
import type { ScenarioPlan } from './plan.ts';
import type { TargetEnd } from './target/open-target.ts';

/** Everything that a run has left behind. */
export interface RunParts {
  readonly runId: string;
  readonly suiteId: string | null;
  readonly startedAt: string;
  readonly environment: Run['environment'];
  readonly target: Run['target'];
  /** The trackers of a target that is several. Default: none, it is one. */
  readonly members?: readonly Run['target'][];
  readonly plan: ScenarioPlan;
  readonly load: LoadResult;
  /** Who made it; null: the lab itself. */
  readonly agents: Run['agents'];
  /** What the machine's monotonic clock told when the run's clock was 0. */
  readonly monotonicOriginMs: number;
  readonly profiles: readonly ProfileFile[];
  readonly missingProfiles: readonly MissingProfile[];
  /** Those of each of several trackers, in their order. Default: none. */
  readonly memberProfiles?: readonly CapturedProfiles[];
  /** Null where the lab did not start the target. */
  readonly end: TargetEnd | null;
  readonly interruption: InterruptionCause | null;
  readonly notes: readonly string[];
}

/** A file that run.json names, and its content. */
export interface NamedContent {
  readonly file: string;
  readonly content: string;
}

const LATENCY_SLICES_FILE = 'latency-slices.json';

/** Puts the record of a run together. Pure. */
export function toRun(parts: RunParts): {
  readonly run: Run;
  /** Histograms, and the latency by slices of time. */
  readonly latencyFiles: readonly NamedContent[];
} {
  const histograms = parts.load.histograms.map(({ phase, operation, clock, encoded }) => ({
    record: { phase, operation, clock, file: `latency-${phase}-${operation}-${clock}.hdr` },
    encoded,
  }));
  const { latencySlices } = parts.load;
  const latencyFiles = histograms.map(({ record, encoded }) => ({ file: record.file, content: encoded }));
  const ofMembers = memberRecords(parts.members ?? [], parts.load.members ?? [], parts.memberProfiles ?? []);
  latencyFiles.push(...ofMembers.files);
  if (latencySlices !== null) latencyFiles.push({ file: LATENCY_SLICES_FILE, content: latencySlices });
  return {
    run: {
      schemaVersion: RUN_SCHEMA_VERSION,
      runId: parts.runId,
      suiteId: parts.suiteId,
      startedAt: parts.startedAt,
      partial: partialReason(parts),
      environment: parts.environment,
      target: parts.target,
      members: ofMembers.members,
      scenario: parts.plan.scenario,
      settingSources: { ...parts.plan.sources },
      phases: [...parts.load.phases],
      histograms: histograms.map(({ record }) => record),
      ...(latencySlices === null
        ? {}
        : { latencySlices: { file: LATENCY_SLICES_FILE, monotonicOriginMs: parts.monotonicOriginMs } }),
      profiles: [...parts.profiles],
      missingProfiles: withUnexplained(parts),
      trackerCounters: parts.end?.counters == null ? null : { ...parts.end.counters },
      targetExit: parts.end?.exit ?? null,
      lostClientShare: parts.load.lostThreads.clientShare,
      agents: parts.agents,
      clinic: null,
      notes: [...parts.notes],
    },
    latencyFiles,
  };
}

function partialReason({ interruption, load, agents }: RunParts): Run['partial'] {
  const { count, clientShare, causes } = load.lostThreads;
  if (interruption !== null) {
    const isLoadLost = interruption.kind === 'load-failed' && causes.length > 0;
    return { reason: isLoadLost ? `${interruption.reason} (${causes.join('; ')})` : interruption.reason };
  }
  if (count === 0) return null;
  const percent = (clientShare * 100).toFixed(0);
  const lost = agents?.members.filter((member) => member.lost !== null) ?? [];
  if (agents !== null && lost.length > 0) {
    return {
      reason: `${lost.length} of ${agents.members.length} load agents with ${percent} % of the clients were lost (${causes.join('; ')})`,
    };
  }
  return {
    reason: `${plural(count, 'load thread')} with ${percent} % of the clients ${count === 1 ? 'was' : 'were'} lost (${causes.join('; ')})`,
  };
}

/** What the report's two Top-10 sections are made of; other kinds are told of only where they were asked for. */
const basicKinds: readonly ProfileKind[] = ['cpu', 'allocations', 'live-heap'];

/** Every basic kind of profile is either there or missing with a reason. */
function withUnexplained(parts: RunParts): MissingProfile[] {
  const told = new Set([...parts.profiles, ...parts.missingProfiles].map(({ kind }) => kind));
  const untold = basicKinds.filter((kind) => !told.has(kind));
  return [...parts.missingProfiles, ...untold.map((kind) => ({ kind, reason: reasonOfAbsence(parts) }))];
}

function reasonOfAbsence({ target, plan, interruption }: RunParts): string {
  if (interruption !== null) return `the run ended before it was taken (${interruption.reason})`;
  if (plan.scenario.profileDurationMs === 0) return 'no profile was asked for (--profile-duration 0)';
  if (target.kind === 'address') return 'the lab did not start this tracker, so no profiler is in it';
  if (target.kind === 'command' && !/^Node\.js/.test(target.runtime ?? '')) {
    return 'no profiler is in this program: the lab brings one into Node.js, and reads a Go program by --pprof';
  }
  return 'its profiler did not answer';
}
