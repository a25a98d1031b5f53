/**
 * All swarms of one address family: who is in them, who has gone. Peers are known by address and port, so that nobody
 * can speak for another by using his peer id. Peers that were not heard of for {@link peerLifetimeS} go, a few with
 * every call of {@link SwarmStore.maintain}; a swarm goes with its last peer. Pure: time and random numbers are
 * arguments.
 */
import { AddressCounts } from './address-counts.ts';
import type { PeerBudget } from './peer-budget.ts';
import { PeerList } from './peer-list.ts';
import { PeerSampler, type SampleRequest } from './peer-sampler.ts';
import type { RandomSource } from './random-source.ts';
import { NO_SWARM, RecordWord, SwarmTable } from './swarm-table.ts';

/** Seconds between two announces of a peer, as replies ask for it: 30 minutes. */
export const ANNOUNCE_INTERVAL_S = 1800;

/**
 * After this many seconds without an announce a peer is gone: the interval and an eighth of it. At 30 minutes the eighth
 * is what a client takes for its first four retransmissions by BEP 15 (15 + 30 + 60 + 120 s).
 *
 * @param intervalS - what replies ask for
 */
export function peerLifetimeS(intervalS: number): number {
  return Math.ceil((intervalS * 9) / 8);
}

/** The life of a peer at the usual interval. */
export const PEER_LIFETIME_S = peerLifetimeS(ANNOUNCE_INTERVAL_S);

/** In this many milliseconds every peer is looked at once, so that none outlives its time by more. */
const SWEEP_CYCLE_MS = 60_000;

/** The most peers that one reply may carry: 242 of IPv4 in 1,472 bytes. */
export const MOST_PEERS_IN_REPLY = 242;

/** One announce that is not `stopped`. */
export interface AnnounceNote {
  /** Address and port as they go on the wire. */
  readonly peer: Uint8Array;
  seeder: boolean;
  /** The event was `completed`. */
  completed: boolean;
  nowS: number;
}

export interface SwarmStoreOptions {
  /** 6 (IPv4) or 18 (IPv6). */
  readonly peerBytes: number;
  /** Two secret words, for the indexes. */
  readonly key: Uint32Array;
  readonly random: RandomSource;
  /** With so many peers in all swarms, no new one is taken in. */
  readonly peerLimit: number | PeerBudget;
  /** With so many swarms, no new one is made. Default: no limit of their own, and a swarm has one peer at least. */
  readonly swarmLimit?: number | PeerBudget;
  /** Peers of one IPv4 address or IPv6 /64 in one swarm. Default: no limit. */
  readonly peersPerAddress?: number;
  /** Default: {@link PEER_LIFETIME_S}. */
  readonly peerLifetimeS?: number;
}

export class SwarmStore {
  readonly peerBytes: number;
  /** Number of peers in all swarms. */
  peerCount = 0;
  /** Peers that went because their time was over. */
  expiredPeers = 0;
  /** Announces of peers that were not taken in because of the limit of peers. */
  refusedPeers = 0;
  /** Announces of peers that were not taken in because their swarm could not be made for the limit of swarms. */
  refusedSwarms = 0;
  /** Announces of peers that were not taken in because their address has all the peers in the swarm that it may have. */
  crowdedPeers = 0;
  /** Downloads completed, in all swarms, gone ones included. */
  completedDownloads = 0;

  private readonly table: SwarmTable;
  private readonly peers: PeerList;
  private readonly sampler: PeerSampler;
  private peerLimit: number;
  /** Where several stores share one limit: what {@link peerLimit} is taken from and given back to. */
  private readonly budget: PeerBudget | null;
  private swarmLimit: number;
  private readonly swarmBudget: PeerBudget | null;
  private readonly addresses: AddressCounts | null;
  private openSwarm = NO_SWARM;
  private readonly peerLifetimeS: number;
  private readonly request: SampleRequest;
  private selfPosition = -1;

  private sweepSlab = 0;
  private sweepRecord = 0;
  /** -1: the record was not opened yet. */
  private sweepPosition = -1;
  private sweepDebt = 0;
  private cycleSteps = 0;
  private sweptAtMs = -1;

  constructor(options: SwarmStoreOptions) {
    this.peerBytes = options.peerBytes;
    const { peerLimit } = options;
    this.budget = typeof peerLimit === 'number' ? null : peerLimit;
    this.peerLimit = typeof peerLimit === 'number' ? peerLimit : 0;
    const { swarmLimit = Number.POSITIVE_INFINITY, peersPerAddress } = options;
    this.swarmBudget = typeof swarmLimit === 'number' ? null : swarmLimit;
    this.swarmLimit = typeof swarmLimit === 'number' ? swarmLimit : 0;
    this.addresses =
      peersPerAddress === undefined
        ? null
        : new AddressCounts(peersPerAddress, options.key, options.peerBytes);
    this.peerLifetimeS = options.peerLifetimeS ?? PEER_LIFETIME_S;
    this.table = new SwarmTable(options.key);
    this.peers = new PeerList(options.peerBytes, options.key);
    this.sampler = new PeerSampler(options.random);
    this.request = {
      view: this.peers.view,
      firstPeerAt: 0,
      peerBytes: options.peerBytes,
      population: 0,
      excluded: -1,
      wanted: 0,
    };
  }

  get swarmCount(): number {
    return this.table.size;
  }

  /** The swarm of the info hash at `at`, or {@link NO_SWARM}. Good until the next call that changes anything. */
  find(bytes: Uint8Array, at: number): number {
    return this.table.find(bytes, at);
  }

  leechers(swarm: number): number {
    return this.table.words(swarm)[this.table.wordAt(swarm) + RecordWord.leechers] as number;
  }

  seeders(swarm: number): number {
    const words = this.table.words(swarm);
    const wordAt = this.table.wordAt(swarm);
    return (words[wordAt + RecordWord.peers] as number) - (words[wordAt + RecordWord.leechers] as number);
  }

  /** Downloads completed since the swarm came to be. */
  completed(swarm: number): number {
    return this.table.words(swarm)[this.table.wordAt(swarm) + RecordWord.completed] as number;
  }

  /**
   * Notes an announce. A download is counted where the event is `completed`, nothing is left, and the peer was not
   * known as a seeder: a repeated datagram counts once, and who starts with everything counts not at all.
   *
   * @returns the swarm, or {@link NO_SWARM} where it would have had to be made and the store is full
   */
  announce(hashes: Uint8Array, hashAt: number, note: AnnounceNote): number {
    const { table, peers } = this;
    const full = this.peerCount >= this.peerLimit && !this.takeRoom();
    let swarm = table.find(hashes, hashAt);
    this.selfPosition = -1;
    if (swarm === NO_SWARM) {
      if (full) {
        this.refusedPeers++;
        return NO_SWARM;
      }
      if (table.size >= this.swarmLimit && !this.takeSwarmRoom()) {
        this.refusedSwarms++;
        return NO_SWARM;
      }
      swarm = table.createSought();
      peers.create(table.words(swarm), table.wordAt(swarm));
    }
    this.open(swarm);
    let position = peers.find(note.peer);
    let wasSeeder = false;
    if (position >= 0) {
      wasSeeder = peers.isSeeder(position);
      peers.touch(position, note.nowS);
      if (wasSeeder !== note.seeder) {
        position = note.seeder ? peers.promote(position) : peers.demote(position);
      }
    } else if (full) {
      this.refusedPeers++;
    } else if (this.addresses !== null && !this.addresses.admit(swarm, note.peer, 0)) {
      this.crowdedPeers++;
    } else {
      position = peers.insert(note.peer, note.seeder, note.nowS);
      this.peerCount++;
    }
    this.selfPosition = position;
    if (note.completed && note.seeder && !wasSeeder && position >= 0) {
      const at = table.wordAt(swarm) + RecordWord.completed;
      const words = table.words(swarm);
      words[at] = (words[at] as number) + 1;
      this.completedDownloads++;
    }
    return swarm;
  }

  /**
   * Takes a peer out that said `stopped`. One that is not there is no error.
   *
   * @returns the swarm, or {@link NO_SWARM} where there is none (any more)
   */
  stop(hashes: Uint8Array, hashAt: number, peer: Uint8Array): number {
    const swarm = this.table.find(hashes, hashAt);
    if (swarm === NO_SWARM) {
      return NO_SWARM;
    }
    this.open(swarm);
    const position = this.peers.find(peer);
    if (position >= 0) {
      this.removePeer(position);
    }
    return this.removeIfEmpty(swarm) ? NO_SWARM : swarm;
  }

  /**
   * Writes a random sample of the swarm of the last {@link announce}, without the peer that announced. A leecher gets
   * peers of both kinds. A seeder gets leechers only: two seeders have nothing to say to each other.
   *
   * @param wanted - 0 to {@link MOST_PEERS_IN_REPLY}
   * @returns the number of peers written
   */
  writePeers(seeder: boolean, wanted: number, target: Uint8Array, at: number): number {
    const { peers, request } = this;
    request.view = peers.view;
    request.firstPeerAt = peers.firstPeerAt;
    request.population = seeder ? peers.leechers : peers.count;
    request.excluded = this.selfPosition;
    request.wanted = wanted;
    return this.sampler.write(request, target, at);
  }

  /**
   * Looks at the peers (and records) that are due by now and takes out those that were not heard of for too long; goes
   * on with resizing the indexes. Cheap where nothing is due; call it with every batch and from a timer.
   *
   * @param nowMs - the monotonic clock of which the announces' `nowS` are the seconds
   * @param most - how many to look at, at most: bounds the pause
   */
  maintain(nowMs: number, most: number): void {
    const due = this.sweptAtMs < 0 ? 0 : (nowMs - this.sweptAtMs) / SWEEP_CYCLE_MS;
    this.sweptAtMs = nowMs;
    if (this.budget !== null) {
      this.peerLimit -= this.budget.giveBack(this.peerLimit - this.peerCount);
    }
    if (this.swarmBudget !== null) {
      this.swarmLimit -= this.swarmBudget.giveBack(this.swarmLimit - this.table.size);
    }
    this.addresses?.settle(most);
    this.table.settle(most);
    this.peers.settle(most);
    // The most that there was since the cursor stood at the start: a cycle in which most peers go must not slow down.
    const cycle = Math.max(this.cycleSteps, this.peerCount + this.table.slotCount);
    this.cycleSteps = cycle;
    this.sweepDebt = Math.min(this.sweepDebt + due * cycle, cycle);
    const steps = Math.min(Math.floor(this.sweepDebt), most);
    if (steps > 0) {
      this.sweepDebt -= steps;
      this.sweep(steps, Math.floor(nowMs / 1000));
    }
  }

  private sweep(steps: number, nowS: number): void {
    const { table, peers } = this;
    for (let left = steps; left > 0; ) {
      if (this.sweepRecord >= table.recordsOfSlab(this.sweepSlab)) {
        this.sweepSlab++;
        this.sweepRecord = 0;
        this.sweepPosition = -1;
        if (this.sweepSlab >= table.slabCount) {
          this.sweepSlab = 0;
          this.cycleSteps = this.peerCount + table.slotCount;
        }
        left--;
        continue;
      }
      const swarm = table.reference(this.sweepSlab, this.sweepRecord);
      // Only to open a record is a step: a busy tracker comes by with one step at a time, and must get on.
      if (this.sweepPosition < 0) {
        left--;
      }
      if (!table.isInUse(swarm)) {
        this.sweepRecord++;
        this.sweepPosition = -1;
        continue;
      }
      this.open(swarm);
      // From the end: what fills a gap was looked at already.
      let position = Math.min(this.sweepPosition < 0 ? peers.count : this.sweepPosition + 1, peers.count) - 1;
      for (; position >= 0 && left > 0; position--, left--) {
        if (peers.ageS(position, nowS) > this.peerLifetimeS) {
          this.removePeer(position);
          this.expiredPeers++;
        }
      }
      this.sweepPosition = position;
      if (position < 0) {
        this.sweepRecord++;
        this.removeIfEmpty(swarm);
      }
    }
  }

  private takeRoom(): boolean {
    const taken = this.budget === null ? 0 : this.budget.take();
    this.peerLimit += taken;
    return taken > 0;
  }

  private takeSwarmRoom(): boolean {
    const taken = this.swarmBudget === null ? 0 : this.swarmBudget.take();
    this.swarmLimit += taken;
    return taken > 0;
  }

  private open(swarm: number): void {
    this.openSwarm = swarm;
    this.peers.open(this.table.words(swarm), this.table.wordAt(swarm), swarm);
  }

  private removePeer(position: number): void {
    if (this.addresses !== null) {
      const { bytes, firstPeerAt } = this.peers;
      this.addresses.release(this.openSwarm, bytes, firstPeerAt + position * this.peerBytes);
    }
    this.peers.remove(position);
    this.peerCount--;
  }

  private removeIfEmpty(swarm: number): boolean {
    if (this.peers.count > 0) {
      return false;
    }
    this.peers.release();
    this.table.remove(swarm);
    return true;
  }
}
