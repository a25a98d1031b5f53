import type { MissingProfile, PhaseName, ProfileFile, ProfileKind } from '../../run.ts';
import type { Milliseconds } from '../../units.ts';

/** What a source left on disk. A kind may be in both lists: its file is there, and lacks a thread. */
export interface CapturedProfiles {
  readonly files: readonly ProfileFile[];
  readonly missing: readonly MissingProfile[];
  /** Of a target that is several trackers: what is of each alone, in their order. Absent: the target is one. */
  readonly members?: readonly CapturedProfiles[];
}

export interface CaptureOptions {
  readonly phase: PhaseName;
  /** Absolute path; files are named `<kind>.pb.gz`, complete or absent. */
  readonly directory: string;
  /** Planned time until {@link ProfileSource.stop}; a source that samples for a fixed time takes it. */
  readonly durationMs: Milliseconds;
}

/**
 * One way to profile a target during one phase: the preload in a Node process, perf, the pprof endpoint of a Go program.
 * Nothing here rejects: what cannot be had is told with its reason.
 */
export interface ProfileSource {
  /** For notes, for example `perf`. */
  readonly name: string;
  /** What it may leave. */
  readonly kinds: readonly ProfileKind[];
  /** What can be told before any load of profiles that will not be there; absent: nothing can. */
  readonly probe?: () => Promise<readonly MissingProfile[]>;
  /** Resolves when the profilers are on, with those that are not. */
  start(options: CaptureOptions): Promise<readonly MissingProfile[]>;
  /** Stops the profilers that are on and writes their files. */
  stop(options: CaptureOptions): Promise<CapturedProfiles>;
}
