import type { ClinicTool } from '../run.ts';

/** What the flags say that are neither a scenario's settings nor a tracker's. */
export interface RunFlags {
  /** A preset, `all`, or a scenario of the config file. */
  readonly scenario: string;
  /** Numbers of workers at which the scenario is run in turn; absent: only at its own. */
  readonly sweep?: readonly number[];
  /** Absent: the default one, where it exists. */
  readonly config?: string;
  /** Name of a tracker of the config file. */
  readonly tracker?: string;
  readonly trackerSocket: 'dgram' | 'batched' | 'auto';
  /** Threads of our tracker that serve. */
  readonly trackerWorkers: number;
  /** Address that our tracker serves; absent: 127.0.0.1. */
  readonly trackerHost?: string;
  /** Load agents that make the load; absent: the lab itself does. */
  readonly agents?: number;
  /** Where lab and agents meet. */
  readonly redis?: string;
  readonly redisCa?: string;
  /** How long agents are waited for. Milliseconds. */
  readonly agentsWait?: number;
  readonly allowNoProfile: boolean;
  readonly pin: string;
  /** Which tool of clinic looks at the tracker after the run. */
  readonly clinic?: ClinicTool;
  /** Whose flame graph is written too. */
  readonly flame?: '0x';
  /** Absolute path. */
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly printConfig: boolean;
  readonly quiet: boolean;
}
