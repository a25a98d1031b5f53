/** Walks through the phases of a run: warm-up, clean, profiled. */
import type { MissingProfile, PhaseName, ProfileFile, Scenario } from '../run.ts';
import type { Milliseconds } from '../units.ts';
import { DEFAULT_CPU_INTERVAL_MICROS, DEFAULT_HEAP_INTERVAL_BYTES } from './capture/agent-protocol.ts';
import type { NodeAgent } from './capture/node-agent-client.ts';
import type { Interruption } from './interruption.ts';
import type { LoadPool, LoadResult } from './load/load-pool.ts';

/** After the live heap was read: the forced collection paused the target, and its queue has to drain. */
const SETTLE_MS = 500;
/** What an interrupted run waits for its profiles; the figures are safe by then. */
const INTERRUPTED_PROFILE_WAIT_MS = 3_000;

export interface PhasesOptions {
  readonly scenario: Scenario;
  /** Null where the target cannot be profiled. */
  readonly agent: NodeAgent | null;
  readonly pool: LoadPool;
  /** Where the profiles go. */
  readonly directory: string;
  readonly interruption: Interruption;
  readonly onPhase: (phase: PhaseName) => void;
}

export interface PhasesResult {
  readonly load: LoadResult;
  readonly profiles: readonly ProfileFile[];
  readonly missingProfiles: readonly MissingProfile[];
}

/** Runs all phases, or as many as there are before an interruption. */
export async function runPhases(options: PhasesOptions): Promise<PhasesResult> {
  const { scenario, pool, interruption } = options;
  const profiles = new ProfileKeeper(options);
  // A run that ends early ends its load at once, also while it waits for the last replies.
  const aborted = interruption.raised.then(() => pool.abort());

  let goOn = await runPhase('warm-up', scenario.warmupMs, options);
  if (goOn && profiles.wanted) {
    await profiles.stop('warm-up');
    goOn = await interruption.wait(SETTLE_MS);
  }
  if (goOn) goOn = await runPhase('clean', scenario.durationMs, options);
  if (goOn && profiles.wanted) {
    pool.beginPhase('profiled');
    options.onPhase('profiled');
    await profiles.start();
    goOn = await interruption.wait(scenario.profileDurationMs);
  }
  // Together, so that neither an idle tail stands in the profile nor its writing in the phase.
  const [load] = await Promise.all([goOn ? pool.stop() : aborted, profiles.stop('profiled')]);
  return { load, profiles: profiles.files, missingProfiles: profiles.missing };
}

function runPhase(phase: PhaseName, durationMs: Milliseconds, options: PhasesOptions): Promise<boolean> {
  options.pool.beginPhase(phase);
  options.onPhase(phase);
  return options.interruption.wait(durationMs);
}

/** Starts and stops the profilers, and keeps account of what is there and what is not. */
class ProfileKeeper {
  readonly files: ProfileFile[] = [];
  readonly missing: MissingProfile[] = [];
  readonly wanted: boolean;
  readonly #options: PhasesOptions;
  #started = false;

  constructor(options: PhasesOptions) {
    this.#options = options;
    this.wanted = options.agent !== null && options.scenario.profileDurationMs > 0;
    // Sampled since the target's start.
    this.#started = this.wanted;
  }

  async start(): Promise<void> {
    const missing = await this.#options.agent?.startProfiles({
      cpu: { intervalMicros: DEFAULT_CPU_INTERVAL_MICROS },
      allocations: { intervalBytes: DEFAULT_HEAP_INTERVAL_BYTES },
    });
    this.missing.push(...(missing ?? []));
    this.#started = true;
  }

  async stop(phase: PhaseName): Promise<void> {
    const { agent, directory, interruption } = this.#options;
    if (agent === null || !this.#started) return;
    this.#started = false;
    const stopping = agent.stopProfiles({ directory, phase });
    const tooLate = interruption.raised.then(() => giveUpAfter(INTERRUPTED_PROFILE_WAIT_MS));
    const stopped = await Promise.race([stopping, tooLate]);
    if (stopped === null) return;
    this.files.push(...stopped.files);
    this.missing.push(...stopped.missing);
  }
}

function giveUpAfter(durationMs: Milliseconds): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), durationMs).unref();
  });
}
