/** What the benchmark and its load process tell each other. Plain data. */

/** Argument of the load process: it has cores that no server uses. */
export const OWN_CORES = '--own-cores';

/** Announces under a steady load. */
export interface LoadSpec {
  readonly port: number;
  /** Process whose CPU time is read at both ends of the window; null: none. */
  readonly serverPid: number | null;
  readonly workers: number;
  /** Swarms, the first of the pool. */
  readonly hashes: number;
  readonly hashesPerWorker: number;
  /** 0: closed loop. */
  readonly ratePerSecond: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

export interface LoadFigures {
  /** Announces sent in the window that got a good answer. */
  readonly answered: number;
  /** Announces sent in the window that did not. */
  readonly failed: number;
  readonly peersReceived: number;
  readonly wallNs: number;
  /** When the window began, on the machine's monotonic clock, as `process.hrtime` reads it. */
  readonly beganNs: number;
  /** Of all threads of the server; null where the process is not known or the kernel does not tell. */
  readonly serverCpuNs: number | null;
  /** Of the whole load process. */
  readonly generatorCpuNs: number;
  /** From the moment a request was due to that at which it was handed to the socket. */
  readonly sendLagNs: { readonly p99: number; readonly max: number };
  /** From the intended send where there is a rate, else from the send; null where nothing was answered. */
  readonly latencyNs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  } | null;
}

/** Announces so many peers, each once. */
export interface FillSpec {
  readonly port: number;
  /** Number of the first peer: a fill can go on where another has ended. */
  readonly firstPeer: number;
  readonly peers: number;
  /** Peers in a swarm. Swarms fill up in blocks of {@link FillSpec.blockSwarms}, each block round and round. */
  readonly swarmPeers: number;
  readonly blockSwarms: number;
}

export type ToLoadProcess =
  | { readonly type: 'load'; readonly id: number; readonly spec: LoadSpec }
  | { readonly type: 'fill'; readonly id: number; readonly spec: FillSpec };

export type FromLoadProcess =
  | { readonly type: 'done'; readonly id: number; readonly figures: LoadFigures | null }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string };
