import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { builtEntry } from '../package-root.ts';
import { readCounterRow } from './counter-board.ts';
import type { FromTrackerWorker, ToTrackerWorker, WorkerStart } from './worker-messages.ts';

export interface TrackerWorkerOptions {
  readonly start: Omit<WorkerStart, 'peers'>;
  /** The others that are there. */
  readonly peers: readonly TrackerWorker[];
  readonly onLog: (message: Extract<FromTrackerWorker, { type: 'log' }>) => void;
}

/** A worker thread as the main thread sees it. */
export class TrackerWorker {
  readonly shard: number;
  /** Fulfilled when it serves; rejected where it ends before. */
  readonly serving: Promise<void>;
  /** Fulfilled with the reason when the thread has ended; never rejected. */
  readonly ended: Promise<string>;
  private readonly worker: Worker;
  private readonly row: Float64Array;
  private names: readonly string[] = [];

  constructor({ start, peers, onLog }: TrackerWorkerOptions) {
    this.shard = start.shard;
    this.row = start.counterRow;
    const ports = peers.map((peer) => ({ shard: peer.shard, port: peer.connect(start.shard) }));
    this.worker = new Worker(builtEntry('tracker/worker.js'), {
      name: `tracker worker ${start.shard + 1}`,
      workerData: { ...start, peers: ports } satisfies WorkerStart,
      transferList: ports.map(({ port }) => port),
    });
    let failure: string | null = null;
    this.worker.on('error', (error: unknown) => {
      failure = error instanceof Error ? error.message : String(error);
    });
    this.ended = new Promise((resolve) => {
      this.worker.once('exit', (code) => resolve(failure ?? `exit code ${code}`));
    });
    this.serving = new Promise((resolve, reject) => {
      this.worker.on('message', (message: FromTrackerWorker) => {
        if (message.type === 'log') {
          onLog(message);
        } else {
          this.names = message.counterNames;
          resolve();
        }
      });
      void this.ended.then((reason) => reject(new Error(reason)));
    });
    // Who waits for it sees the rejection; after that the end is what counts.
    this.serving.catch(() => {});
  }

  /** What it has told of its counts, also after its end. */
  counters(): Record<string, number> {
    return readCounterRow(this.row, this.names);
  }

  stop(): void {
    this.tell({ type: 'stop' });
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  /** Gives it one end of a channel. @returns the other end, for the worker of `shard` */
  private connect(shard: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.tell({ type: 'peer', shard, port: port1 }, [port1]);
    return port2;
  }

  private tell(message: ToTrackerWorker, transfer: readonly MessagePort[] = []): void {
    this.worker.postMessage(message, transfer);
  }
}
