import type { PresetName } from '../lab/scenarios.ts';

/** What the flags that are not of the scenario say. */
export interface RunFlags {
  readonly scenario: PresetName | 'all';
  readonly target?: string;
  readonly trackerSocket: 'dgram' | 'batched' | 'auto';
  readonly allowRemote: boolean;
  readonly allowNoProfile: boolean;
  readonly pin: string;
  /** Absolute path. */
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly printConfig: boolean;
  readonly quiet: boolean;
}
