/** One worker's part of a tracker: its socket of the group, and how it gets the counts of the others' swarms. */
import type { BatchedSocket } from '../wire/batched-socket.ts';
import type { ReceivedBatch } from '../wire/udp-socket.ts';
import type { DatagramState } from './handle-datagram.ts';
import { copyBytes } from './move-bytes.ts';
import type { Budgets, PeerBudget } from './peer-budget.ts';
import { writeScrapeEntries } from './scrape-entries.ts';
import { isScrapeReply, ScrapeGather, scrapeHashesAt } from './scrape-gather.ts';
import type { ShardMesh } from './shard-mesh.ts';

export interface Shard {
  readonly index: number;
  /** Of how many. */
  readonly count: number;
  /** The group's descriptor of its socket. */
  readonly descriptor: number;
  /** What takes the place of the limits of peers and swarms. */
  readonly budgets: Budgets<PeerBudget>;
  readonly mesh: ShardMesh;
}

/** Brings together a socket, the ports to the other workers and the scrapes that need both. */
export class ShardGathering {
  private readonly gather: ScrapeGather;
  private socket: BatchedSocket | null = null;
  private readonly mesh: ShardMesh;

  constructor({ index, count, mesh }: Shard, state: DatagramState) {
    this.mesh = mesh;
    this.gather = new ScrapeGather({
      shard: index,
      shards: count,
      counters: state.counters,
      writeEntry: (family, hashes, hashAt, target, at) => {
        const store = family === 4 ? state.ipv4 : state.ipv6;
        writeScrapeEntries(store, state.allowed, hashes, hashAt, 1, target, at);
      },
      post: (shard, message) => mesh.post(shard, message),
      send: (sender, reply, length) => this.send(sender, reply, length),
    });
    mesh.listen({
      onMessage: (from, message) => {
        this.gather.receive(from, message);
        this.socket?.flush();
      },
      onLost: (shard) => {
        this.gather.lose(shard);
        this.socket?.flush();
      },
    });
  }

  /** @param socket - the socket through which late answers go */
  open(socket: BatchedSocket): void {
    this.socket = socket;
  }

  /** Before a batch. */
  begin(nowMs: number): void {
    this.gather.setTime(nowMs);
  }

  /** After the answer of datagram `index` was written. @returns what {@link ScrapeGather.settle} does */
  settle(batch: ReceivedBatch, index: number, response: Uint8Array, at: number, length: number): number {
    const { socket } = this;
    if (socket === null || !isScrapeReply(response, at)) {
      return length;
    }
    const hashAt = scrapeHashesAt(batch.offset(index));
    const family = batch.family(index);
    return this.gather.settle(batch.bytes, hashAt, family, socket, index, response, at, length);
  }

  /** After a batch. */
  end(): void {
    this.gather.flush();
  }

  /** From a timer. */
  expire(nowMs: number): void {
    this.gather.setTime(nowMs);
    this.gather.expire();
    this.socket?.flush();
  }

  /** Answers what waits, then lets the other workers go. */
  stop(): void {
    this.gather.expire(true);
    this.socket?.flush();
    this.mesh.close();
  }

  private send(sender: Uint8Array, reply: Uint8Array, length: number): void {
    const { socket } = this;
    if (socket !== null) {
      const slot = socket.slot();
      copyBytes(reply, 0, socket.sendBytes, slot, length);
      socket.replyTo(sender, slot, length);
    }
  }
}
