/** Walks through the phases of a run: warm-up, clean, profiled. */
import type { MissingProfile, PhaseName, ProfileFile, ProfileKind, Scenario } from '../run.ts';
import type { Milliseconds } from '../units.ts';
import type { CapturedProfiles, CaptureOptions, ProfileSource } from './capture/profile-source.ts';
import type { Interruption } from './interruption.ts';
import type { Load, LoadResult } from './load/load-pool.ts';
import type { PlannedSources } from './profile-sources.ts';

/** After the live heap was read: the forced collection paused the target, and its queue has to drain. */
const SETTLE_MS = 500;
/** What an interrupted run waits for its profiles; the figures are safe by then. */
const INTERRUPTED_PROFILE_WAIT_MS = 2_000;

export interface PhasesOptions extends PlannedSources {
  readonly scenario: Scenario;
  readonly pool: Load;
  /** Where the profiles go. */
  readonly directory: string;
  readonly interruption: Interruption;
  readonly onPhase: (phase: PhaseName) => void;
  /** Called just before each phase, with the profiles so far: its work falls into the phase before. Default: nothing. */
  readonly beforePhase?: (phase: PhaseName, profiles: ProfilesSoFar) => void;
  /** Called at the start and at the end of each phase, within it. */
  readonly onPhaseEdge: () => void;
  /** Called with what is found missing, at once. `present`: kinds of which there is a file. */
  readonly onMissing?: (missing: readonly MissingProfile[], present: ReadonlySet<ProfileKind>) => void;
}

export interface ProfilesSoFar {
  readonly profiles: readonly ProfileFile[];
  readonly missingProfiles: readonly MissingProfile[];
  /** Those of each of several trackers, in their order; none where the target is one. */
  readonly memberProfiles: readonly CapturedProfiles[];
}

export interface PhasesResult extends ProfilesSoFar {
  readonly load: LoadResult;
}

/** Planned length of all phases together, with what lies between them. */
export function plannedLengthMs(scenario: Scenario, { warmupSource, sources }: PlannedSources): Milliseconds {
  const { warmupMs, durationMs, profileDurationMs } = scenario;
  const settleMs = warmupSource === null ? 0 : SETTLE_MS;
  return warmupMs + settleMs + durationMs + (sources.length === 0 ? 0 : profileDurationMs);
}

/** Runs all phases, or as many as there are before an interruption. */
export async function runPhases(options: PhasesOptions): Promise<PhasesResult> {
  const { scenario, pool, interruption } = options;
  const captured = new Captured(interruption, options.onMissing);
  // A run that ends early ends its load at once, also while it waits for the last replies.
  const aborted = interruption.raised.then(() => pool.abort());

  let goOn = await runPhase('warm-up', scenario.warmupMs, captured, options);
  if (goOn && options.warmupSource !== null) {
    await captured.stop([options.warmupSource], captureOptions('warm-up', options));
    goOn = await interruption.wait(SETTLE_MS);
  }
  if (goOn) goOn = await runPhase('clean', scenario.durationMs, captured, options);
  const sources = goOn ? options.sources : [];
  const profiled = captureOptions('profiled', options);
  if (sources.length > 0) {
    await beginPhase('profiled', captured, options);
    await captured.start(sources, profiled);
    goOn = await interruption.wait(scenario.profileDurationMs - pool.leadMs);
  }
  if (goOn) await pool.endSending();
  options.onPhaseEdge();
  // Together, so that neither an idle tail stands in the profile nor its writing in the phase.
  const [load] = await Promise.all([goOn ? pool.stop() : aborted, captured.stop(sources, profiled)]);
  return { load, ...captured.soFar };
}

async function runPhase(
  phase: PhaseName,
  durationMs: Milliseconds,
  captured: Captured,
  options: PhasesOptions,
): Promise<boolean> {
  await beginPhase(phase, captured, options);
  // What is far away is told of the next phase before its time.
  return options.interruption.wait(durationMs - options.pool.leadMs);
}

async function beginPhase(phase: PhaseName, captured: Captured, options: PhasesOptions): Promise<void> {
  const { pool, onPhase, onPhaseEdge } = options;
  options.beforePhase?.(phase, captured.soFar);
  onPhaseEdge();
  await pool.beginPhase(phase);
  onPhaseEdge();
  onPhase(phase);
}

function captureOptions(phase: PhaseName, { directory, scenario }: PhasesOptions): CaptureOptions {
  return { phase, directory, durationMs: scenario.profileDurationMs };
}

/** Keeps account of the profiles that are there and of those that are not. */
class Captured {
  readonly files: ProfileFile[] = [];
  readonly missing: MissingProfile[] = [];
  readonly #members: { files: ProfileFile[]; missing: MissingProfile[] }[] = [];
  /** Resolves when a run that was interrupted has waited long enough; never where it was not. */
  readonly #tooLate: Promise<null>;
  readonly #onMissing: PhasesOptions['onMissing'];

  constructor(interruption: Interruption, onMissing: PhasesOptions['onMissing']) {
    this.#onMissing = onMissing;
    this.#tooLate = interruption.raised.then(() => giveUpAfter(INTERRUPTED_PROFILE_WAIT_MS));
  }

  get soFar(): ProfilesSoFar {
    return { profiles: this.files, missingProfiles: this.missing, memberProfiles: this.#members };
  }

  async start(sources: readonly ProfileSource[], options: CaptureOptions): Promise<void> {
    const starts = sources.map((source) => Promise.race([source.start(options), this.#tooLate]));
    // One that is late has nothing to stop; the stop tells of it.
    this.#miss((await Promise.all(starts)).flatMap((missing) => missing ?? []));
  }

  async stop(sources: readonly ProfileSource[], options: CaptureOptions): Promise<void> {
    await Promise.all(sources.map((source) => this.#stopOne(source, options)));
  }

  async #stopOne(source: ProfileSource, options: CaptureOptions): Promise<void> {
    const stopped: CapturedProfiles | null = await Promise.race([source.stop(options), this.#tooLate]);
    this.files.push(...(stopped?.files ?? []));
    for (const [index, { files, missing }] of (stopped?.members ?? []).entries()) {
      this.#members[index] ??= { files: [], missing: [] };
      this.#members[index].files.push(...files);
      this.#members[index].missing.push(...missing);
    }
    this.#miss(stopped?.missing ?? this.#unwritten(source));
  }

  #miss(missing: readonly MissingProfile[]): void {
    this.missing.push(...missing);
    if (missing.length > 0) this.#onMissing?.(missing, new Set(this.files.map(({ kind }) => kind)));
  }

  /** What the run did not wait for; what had not even begun is told already. */
  #unwritten({ kinds }: ProfileSource): MissingProfile[] {
    const told = new Set([...this.files, ...this.missing].map(({ kind }) => kind));
    return kinds
      .filter((kind) => !told.has(kind))
      .map((kind) => ({ kind, reason: 'the run ended before it was written' }));
  }
}

function giveUpAfter(durationMs: Milliseconds): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), durationMs).unref();
  });
}
