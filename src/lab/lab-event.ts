import type { LoadRow, PhaseName } from '../run.ts';
import type { Milliseconds, Share } from '../units.ts';

/** What a run tells while it goes on; for a person to watch, never for the report. */
export type LabEvent =
  /** The run took its next step. */
  | { readonly kind: 'step'; readonly text: string }
  /** Something worth knowing happened; shown even where progress is not. */
  | { readonly kind: 'note'; readonly text: string }
  /** The load has entered its next phase. */
  | { readonly kind: 'phase'; readonly phase: PhaseName }
  | {
      readonly kind: 'second';
      readonly row: LoadRow;
      readonly elapsedMs: Milliseconds;
      /** Planned length of all phases together. */
      readonly totalMs: Milliseconds;
      /** Of one core, over the last second; null where it is not known. */
      readonly targetCpuShare: Share | null;
    };
