/** What this package's tracker tells the process that started it, over Node's IPC channel. */

export interface TrackerReady {
  readonly type: 'tracker-ready';
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly socketKind: string;
  readonly receiveBuffer: { readonly askedBytes: number; readonly givenBytes: number };
}

/** Sent once, after the last reply, on SIGINT or SIGTERM. */
export interface TrackerStopped {
  readonly type: 'tracker-stopped';
  /** Counters by name: requests by kind, errors, drops, swarms, peers. */
  readonly counters: Readonly<Record<string, number>>;
}

export type TrackerMessage = TrackerReady | TrackerStopped;
