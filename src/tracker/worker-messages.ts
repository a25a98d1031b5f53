/** What the main thread of a tracker and its workers say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { LogLevel } from './log.ts';
import type { Budgets, PeerBudgetMemory } from './peer-budget.ts';
import type { StoreOptions } from './store-open.ts';

/** Given to a worker as it starts. */
export interface WorkerStart {
  readonly shard: number;
  readonly shards: number;
  readonly descriptor: number;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly whitelistFile: string | null;
  /** The same for all workers, so that each takes the connection ids of the others. */
  readonly secret: string;
  /** Read by each worker; null: the secret does not change. */
  readonly secretFile: string | null;
  readonly secretShared: boolean;
  readonly store: StoreOptions | null;
  readonly connectsPerMinute: number | null;
  readonly announceIntervalS: number | null;
  readonly peerLimit: number;
  readonly peersPerAddress: number | null;
  readonly budgets: Budgets<PeerBudgetMemory>;
  readonly counterRow: Float64Array;
  /** Ports to the workers that are there. */
  readonly peers: readonly WorkerPeer[];
}

interface WorkerPeer {
  readonly shard: number;
  readonly port: MessagePort;
}

export type ToTrackerWorker =
  | ({ readonly type: 'peer' } & WorkerPeer)
  /** Answer what was received, and end. */
  | { readonly type: 'stop' };

export type FromTrackerWorker =
  /** It serves; its counters stand in its row in the order of these names. */
  | { readonly type: 'serving'; readonly counterNames: readonly string[] }
  | { readonly type: 'log'; readonly level: LogLevel; readonly line: string };
