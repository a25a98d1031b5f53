/** What this package's tracker tells the process that started it, over Node's IPC channel. */

export interface TrackerReady {
  readonly type: 'tracker-ready';
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly socketKind: string;
  /** Of one socket. */
  readonly receiveBuffer: { readonly askedBytes: number; readonly givenBytes: number };
  /** Threads that serve, with a socket each. */
  readonly workers: number;
}

/** Sent when a worker thread has ended by itself; another takes its place. */
export interface TrackerWorkerLost {
  readonly type: 'tracker-worker-lost';
  /** From 1. */
  readonly worker: number;
  readonly reason: string;
  /** What it held, which is gone. */
  readonly swarms: number;
  readonly peers: number;
}

/** Sent once, after the last reply, on SIGINT or SIGTERM. */
export interface TrackerStopped {
  readonly type: 'tracker-stopped';
  /** Counters by name: requests by kind, errors, drops, swarms, peers. */
  readonly counters: Readonly<Record<string, number>>;
}

export type TrackerMessage = TrackerReady | TrackerWorkerLost | TrackerStopped;
