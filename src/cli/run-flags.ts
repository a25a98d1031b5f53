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
  readonly allowNoProfile: boolean;
  readonly pin: string;
  /** Absolute path. */
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly printConfig: boolean;
  readonly quiet: boolean;
}
