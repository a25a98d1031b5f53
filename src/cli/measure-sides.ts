/** New runs of two sides that take turns: A B B A A B …, so that a drift of the machine meets both alike. */
import path from 'node:path';
import type { TrackerSettings } from '../lab/config/tracker-settings.ts';
import type { ScenarioPlan } from '../lab/plan.ts';
import { runScenario } from '../lab/run-scenario.ts';
import type { Progress } from './progress.ts';
import type { RunFlags } from './run-flags.ts';
import { targetSpec } from './run-suite.ts';
import { type MeasuredSides, runsInTurn, type SideFoldersSoFar } from './runs-in-turn.ts';

export interface SidePlan {
  readonly plan: ScenarioPlan;
  readonly tracker: TrackerSettings;
  readonly flags: Pick<RunFlags, 'trackerSocket' | 'trackerWorkers' | 'pin' | 'allowNoProfile'>;
}

export interface MeasureSidesOptions {
  readonly a: SidePlan;
  readonly b: SidePlan;
  /** Runs a side. */
  readonly repeat: number;
  /** Runs go to its folders `a` and `b`. */
  readonly directory: string;
  /** Cores that the lab may use. */
  readonly cpus: readonly number[];
  /** Whether the run of a folder tells of the tracker. */
  readonly isValid: (directory: string) => boolean;
  /** Whether the runs so far show a change that is to be confirmed. */
  readonly needsConfirming: (sides: SideFoldersSoFar) => boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** @throws LabError where not even the first run came to an end */
export async function measureSides(options: MeasureSidesOptions): Promise<MeasuredSides> {
  const { directory, cpus, signal, progress } = options;
  try {
    return await runsInTurn({
      ...options,
      tell: (text) => progress.onEvent({ kind: 'step', text }),
      async measure(side) {
        const { plan, tracker, flags } = options[side];
        const outcome = await runScenario({
          plan,
          suiteId: null,
          outDirectory: path.join(directory, side),
          target: targetSpec(tracker, flags),
          profiling: tracker,
          pin: flags.pin,
          allowedCpus: cpus,
          allowNoProfile: flags.allowNoProfile,
          // One of its own, so that what a run's parts hear by is let go with the run.
          signal: AbortSignal.any([signal]),
          onEvent: progress.onEvent,
        });
        return outcome.directory;
      },
    });
  } finally {
    progress.end();
  }
}
