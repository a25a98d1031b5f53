import type { MessagePort } from 'node:worker_threads';
import type { GatherMessage } from './scrape-gather.ts';

export interface MeshListener {
  onMessage(from: number, message: GatherMessage): void;
  /** The worker has ended. Another may join in its place. */
  onLost(shard: number): void;
}

/** A worker's ports to the other workers, by shard. They keep no thread alive. */
export class ShardMesh {
  private readonly ports = new Map<number, MessagePort>();
  private listener: MeshListener | null = null;

  listen(listener: MeshListener): void {
    this.listener = listener;
  }

  /** Takes the port to a worker; an earlier one to its predecessor is dropped. */
  join(shard: number, port: MessagePort): void {
    const before = this.ports.get(shard);
    this.ports.set(shard, port);
    if (before !== undefined) {
      before.close();
      this.listener?.onLost(shard);
    }
    const onGatherMessage = (message: GatherMessage): void => this.listener?.onMessage(shard, message);
    const onClose = (): void => {
      if (this.ports.get(shard) === port) {
        this.ports.delete(shard);
        this.listener?.onLost(shard);
      }
    };
    port.on('message', onGatherMessage);
    port.on('close', onClose);
    port.unref();
  }

  /** @returns false where there is no such worker now */
  post(shard: number, message: GatherMessage): boolean {
    const port = this.ports.get(shard);
    port?.postMessage(message);
    return port !== undefined;
  }

  close(): void {
    const ports = [...this.ports.values()];
    this.ports.clear();
    for (const port of ports) {
      port.close();
    }
  }
}
