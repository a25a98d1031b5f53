/** New runs of two sides that take turns: A B B A A B …, so that a drift of the machine meets both alike. */
import path from 'node:path';
import { LabError } from '../errors.ts';
import type { TrackerSettings } from '../lab/config/tracker-settings.ts';
import type { ScenarioPlan } from '../lab/plan.ts';
import { runScenario } from '../lab/run-scenario.ts';
import type { Progress } from './progress.ts';
import type { RunFlags } from './run-flags.ts';
import { targetSpec } from './run-suite.ts';

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
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface MeasuredSides {
  /** Folders of the runs, in order. */
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** What ended it early; null: nothing did, or a signal. */
  readonly failure: LabError | null;
}

/** The order of the runs: each pair the other way round than the one before. */
export function sideOrder(repeat: number): ('a' | 'b')[] {
  return Array.from({ length: repeat }, (_, pair) =>
    pair % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const),
  ).flat();
}

/** @throws LabError where not even the first run came to an end */
export async function measureSides(options: MeasureSidesOptions): Promise<MeasuredSides> {
  const { directory, cpus, signal, progress } = options;
  const done = { a: [] as string[], b: [] as string[] };
  const order = sideOrder(options.repeat);
  try {
    for (const [index, side] of order.entries()) {
      const { plan, tracker, flags } = options[side];
      progress.onEvent({ kind: 'step', text: `Run ${index + 1} of ${order.length}: side ${side}` });
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
      done[side].push(outcome.directory);
      if (signal.aborted) break;
    }
    return { ...done, failure: null };
  } catch (error) {
    if (!(error instanceof LabError) || done.a.length === 0) throw error;
    return { ...done, failure: error };
  } finally {
    progress.end();
  }
}
