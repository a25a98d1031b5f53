/**
 * run.json of a run that still goes on, so that a lab which is killed leaves a folder that can be analysed: marked partial,
 * with the phases that were over, their latencies and the profiles that were written.
 */
import { LabError } from '../errors.ts';
import type { PhaseName } from '../run.ts';
import type { LoadResult } from './load/load-pool.ts';
import type { RunFolder } from './run-folder.ts';
import type { ProfilesSoFar } from './run-phases.ts';
import { type RunParts, toRun } from './to-run.ts';

/** What is known of a run before its load. */
type KnownParts = Pick<
  RunParts,
  'runId' | 'suiteId' | 'startedAt' | 'environment' | 'target' | 'plan' | 'notes'
>;

interface PhaseStart extends ProfilesSoFar {
  /** As in {@link RunParts}. */
  readonly monotonicOriginMs: number;
}

const nothingYet: LoadResult = {
  phases: [],
  histograms: [],
  latencySlices: null,
  lostThreads: { count: 0, clientShare: 0, causes: [] },
};

export class UnfinishedRun {
  readonly #folder: RunFolder;
  readonly #known: KnownParts;
  #last: { readonly phase: PhaseName; readonly start: PhaseStart } | null = null;

  /** @param known - `notes` may grow while the run goes on */
  constructor(folder: RunFolder, known: KnownParts) {
    this.#folder = folder;
    this.#known = known;
  }

  /** Notes that the phase begins. */
  beforePhase(phase: PhaseName, start: PhaseStart): void {
    this.#last = { phase, start };
    this.#save(nothingYet);
  }

  /** Adds the phases that are over, once their figures are there; null: there are none any more. */
  keep(load: Promise<LoadResult | null>): void {
    void load.then((soFar) => {
      if (soFar !== null) this.#save(soFar);
    });
  }

  #save(load: LoadResult): void {
    if (this.#last === null) return;
    const { phase, start } = this.#last;
    const reason = `no end of it was recorded: the lab was killed after its ${phase} phase had begun, or is still at work`;
    const { run, latencyFiles } = toRun({
      ...this.#known,
      ...start,
      load,
      agents: null,
      end: null,
      interruption: { kind: 'unfinished', reason },
    });
    try {
      for (const { file, content } of latencyFiles) this.#folder.writeFile(file, content);
    } catch (error) {
      // The disk is full: the run tells of it at its end.
      if (error instanceof LabError) return;
      throw error;
    }
    this.#folder.saveSoFar(run);
  }
}
