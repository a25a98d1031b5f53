/**
 * A tracker of several worker threads, each with a socket of one group and the swarms that the kernel steers there.
 * The main thread serves nothing itself: it owns the sockets, starts the workers, and puts another in the place of one
 * that has ended. The new one reads from the same socket, so what waits there is answered and no hash changes its
 * worker; the swarms of the old one are lost.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ExitCode, LabError } from '../errors.ts';
import { openSocketGroup, type SocketGroup } from '../wire/open-socket-group.ts';
import { addCounters, createCounterRow, retireCounters } from './counter-board.ts';
import type { LogLevel } from './log.ts';
import { type Budgets, createPeerBudget, PeerBudget, type PeerBudgetMemory } from './peer-budget.ts';
import { RECEIVE_BUFFER_BYTES, type Tracker, type TrackerOptions } from './server.ts';
import { TrackerWorker } from './tracker-worker.ts';

/** A worker that lived shorter than this is replaced after {@link PAUSE_MS}: one that cannot live must not burn a core. */
const SHORT_LIFE_MS = 5000;
const PAUSE_MS = 250;
/** From the order to stop to the end by force. */
const STOP_GRACE_MS = 1500;
const SECRET_BYTES = 32;

/** A worker that has ended by itself. */
export interface LostWorker {
  /** From 1. */
  readonly worker: number;
  readonly reason: string;
  readonly swarms: number;
  readonly peers: number;
}

export interface WorkerPoolOptions extends Omit<TrackerOptions, 'socketKind' | 'shard'> {
  /** At least 1. */
  readonly workers: number;
  /** What the workers write of their logs. */
  readonly logLevel: LogLevel;
  readonly onLost: (lost: LostWorker) => void;
}

/**
 * Starts the workers; all of them serve when the promise is fulfilled.
 *
 * @throws LabError of {@link openSocketGroup}, and `WORKER_FAILED` where a worker ends before it serves
 */
export async function createWorkerPool(options: WorkerPoolOptions): Promise<Tracker> {
  const { host, port, workers } = options;
  const group = await openSocketGroup({
    host,
    port,
    sockets: workers,
    receiveBufferBytes: RECEIVE_BUFFER_BYTES,
  });
  const pool = new WorkerPool(options, group);
  try {
    await pool.start();
  } catch (cause) {
    await pool.stop();
    throw new LabError({
      code: 'WORKER_FAILED',
      message: `a worker of the tracker ended before it served: ${(cause as Error).message}`,
      hint: 'run with --workers 1 to see whether it is the worker or the tracker',
      exitCode: ExitCode.trackerFailed,
      cause,
    });
  }
  return pool;
}

class WorkerPool implements Tracker {
  readonly host: string;
  readonly port: number;
  readonly socketKind = 'batched';
  readonly receiveBuffer: Tracker['receiveBuffer'];
  private readonly options: WorkerPoolOptions;
  private readonly group: SocketGroup;
  private readonly secret: string;
  private readonly budgets: Budgets<PeerBudgetMemory>;
  private readonly workers = new Map<number, TrackerWorker>();
  private retired: Record<string, number> = { 'workers.lost': 0, 'swarms.lost': 0, 'peers.lost': 0 };
  private readonly stopping = new AbortController();

  constructor(options: WorkerPoolOptions, group: SocketGroup) {
    const { workers, peerLimit, swarmLimit = peerLimit } = options;
    this.options = options;
    this.group = group;
    this.host = group.address;
    this.port = group.port;
    this.receiveBuffer = group.receiveBuffer;
    this.secret = options.secret ?? randomBytes(SECRET_BYTES).toString('hex');
    this.budgets = {
      ipv4: createPeerBudget(peerLimit, workers),
      ipv6: createPeerBudget(peerLimit, workers),
      ipv4Swarms: createPeerBudget(swarmLimit, workers),
      ipv6Swarms: createPeerBudget(swarmLimit, workers),
    };
  }

  async start(): Promise<void> {
    for (let shard = 0; shard < this.options.workers; shard++) {
      this.workers.set(shard, this.open(shard));
    }
    await Promise.all([...this.workers.values()].map(({ serving }) => serving));
    for (const worker of this.workers.values()) {
      this.watch(worker);
    }
  }

  counters(): Record<string, number> {
    const drops = this.group.drops();
    return {
      ...addCounters([...[...this.workers.values()].map((worker) => worker.counters()), this.retired]),
      ...(drops === null ? {} : { 'socket.receiveDrops': drops }),
    };
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    const workers = [...this.workers.values()];
    const ended = Promise.all(workers.map((worker) => worker.ended));
    for (const worker of workers) {
      worker.stop();
    }
    const overdue = setTimeout(() => {
      for (const worker of workers) {
        void worker.terminate();
      }
    }, STOP_GRACE_MS);
    await ended;
    clearTimeout(overdue);
    this.group.close();
  }

  private open(shard: number): TrackerWorker {
    const { options, group } = this;
    return new TrackerWorker({
      start: {
        shard,
        shards: options.workers,
        descriptor: group.descriptors[shard] as number,
        host: group.address,
        port: group.port,
        logLevel: options.logLevel,
        whitelistFile: options.whitelistFile ?? null,
        secret: this.secret,
        secretFile: options.secretFile ?? null,
        secretShared: options.secretShared ?? false,
        store: options.store ?? null,
        connectsPerMinute: options.connectsPerMinute ?? null,
        announceIntervalS: options.announceIntervalS ?? null,
        peerLimit: options.peerLimit,
        peersPerAddress: options.peersPerAddress ?? null,
        budgets: this.budgets,
        counterRow: createCounterRow(),
      },
      peers: [...this.workers.values()],
      onLog: ({ level, line }) => options.log[level](line),
    });
  }

  private watch(worker: TrackerWorker): void {
    const startMs = performance.now();
    void worker.ended.then((reason) => {
      if (!this.stopping.signal.aborted) {
        void this.replace(worker, reason, performance.now() - startMs);
      }
    });
  }

  private async replace(worker: TrackerWorker, reason: string, livedMs: number): Promise<void> {
    const { shard } = worker;
    this.workers.delete(shard);
    this.bury(worker, reason);
    if (livedMs < SHORT_LIFE_MS) {
      await delay(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
    if (!this.stopping.signal.aborted) {
      const next = this.open(shard);
      this.workers.set(shard, next);
      this.watch(next);
      void next.serving.then(
        () => this.options.log.info(`worker ${shard + 1} was replaced and serves`),
        () => {},
      );
    }
  }

  /** Keeps what it counted, gives back its room, and tells what was lost. */
  private bury(worker: TrackerWorker, reason: string): void {
    const { shard } = worker;
    const counters = worker.counters();
    const swarms = (counters['swarms.ipv4'] ?? 0) + (counters['swarms.ipv6'] ?? 0);
    const peers = (counters['peers.ipv4'] ?? 0) + (counters['peers.ipv6'] ?? 0);
    const losses = { 'workers.lost': 1, 'swarms.lost': swarms, 'peers.lost': peers };
    this.retired = addCounters([this.retired, retireCounters(counters), losses]);
    for (const memory of Object.values(this.budgets)) {
      new PeerBudget(memory, shard).release();
    }
    this.options.log.error(
      `worker ${shard + 1} of ${this.options.workers} ended (${reason}); its ${swarms} swarms with ${peers} peers are lost`,
    );
    this.options.onLost({ worker: shard + 1, reason, swarms, peers });
  }
}
