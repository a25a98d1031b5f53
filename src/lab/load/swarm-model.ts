/**
 * Who the simulated clients are and which torrents they share. Pure and seeded: one seed gives the same hashes, the
 * same clients and the same memberships, whatever the number of load threads.
 */
import { createHash } from 'node:crypto';
import { INFO_HASH_BYTES, PEER_ID_BYTES } from '../../wire/bep15.ts';
import { SeededRandom } from './seeded-random.ts';

/** Share of the workers that hold the whole file from the start: a swarm of leechers alone tests half a tracker. */
const SEEDER_SHARE = 0.3;
/** Azureus-style client code and version of the simulated clients (BEP 20). */
const PEER_ID_PREFIX = '-TL0100-';
/** Ports below belong to system services; no client announces one. */
const FIRST_PORT = 1024;
const PORT_COUNT = 65_536 - FIRST_PORT;
/** Draws of an already taken hash after which the next free one in the pool is taken: bounds the time of a draw. */
const MOST_REDRAWS = 32;

/** What decides the swarms; the fields of a scenario. */
export interface SwarmOptions {
  readonly seed: number;
  /** Size of the shared pool. */
  readonly swarmHashes: number;
  /** Zipf exponent; 0 = every hash is equally likely. */
  readonly skew: number;
  /** At most `swarmHashes`. */
  readonly hashesPerWorker: number;
}

/** What a client says of itself in every announce. */
export interface WorkerIdentity {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** 1024 to 65535; distinct for the first 64,512 workers, since trackers tell peers apart by address and port. */
  readonly port: number;
  /** BEP 15 `key`, 32 bits. */
  readonly key: number;
  /** Has the whole file from the start. */
  readonly seeder: boolean;
}

/** The info hash with number `index` in the pool of `seed`: 20 bytes. */
function poolHash(seed: number, index: number): Uint8Array {
  return createHash('sha1').update(`tracker-lab pool ${seed} hash ${index}`).digest();
}

/** The first `count` info hashes of the pool of `seed`, 40 hexadecimal digits each: a whitelist for a tracker. */
export function* poolInfoHashes(seed: number, count: number): Generator<string, void, undefined> {
  for (let index = 0; index < count; index++) yield Buffer.from(poolHash(seed, index)).toString('hex');
}

/**
 * The first `count` info hashes of the pool, one after another, 20 bytes each.
 *
 * @param given - the pool as 40 hexadecimal digits each, at least `count` of them; null: the pool of `seed`
 */
export function poolBytes(seed: number, count: number, given: readonly string[] | null): Uint8Array {
  const bytes = new Uint8Array(count * INFO_HASH_BYTES);
  for (let index = 0; index < count; index++) {
    const hash = given === null ? poolHash(seed, index) : Buffer.from(given[index] as string, 'hex');
    bytes.set(hash, index * INFO_HASH_BYTES);
  }
  return bytes;
}

/** The client with number `worker` of `seed`. */
export function workerIdentity(seed: number, worker: number): WorkerIdentity {
  const random = new SeededRandom(seed, 2 * worker + 1);
  const digits = createHash('sha1').update(`tracker-lab client ${seed} worker ${worker}`).digest('hex');
  return {
    peerId: Buffer.from(`${PEER_ID_PREFIX}${digits}`.slice(0, PEER_ID_BYTES), 'latin1'),
    port: FIRST_PORT + (worker % PORT_COUNT),
    key: random.nextUint32(),
    seeder: random.nextFloat() < SEEDER_SHARE,
  };
}

/** Chooses which hashes of the pool a worker shares: the k-th most popular with weight `1 / k^skew`. */
export class SwarmModel {
  readonly #options: SwarmOptions;
  /** Running sum of the weights; the last entry is the total. */
  readonly #cumulative: Float64Array;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#cumulative = new Float64Array(options.swarmHashes);
    let total = 0;
    for (let index = 0; index < options.swarmHashes; index++) {
      total += (index + 1) ** -options.skew;
      this.#cumulative[index] = total;
    }
  }

  /** The pool indexes of `hashesPerWorker` distinct hashes, in the order in which the worker announces them. */
  hashesOf(worker: number): Uint32Array {
    const { seed, swarmHashes, hashesPerWorker } = this.#options;
    const random = new SeededRandom(seed, 2 * worker);
    const taken = new Set<number>();
    while (taken.size < hashesPerWorker) {
      let index = this.#draw(random);
      for (let redraws = 0; taken.has(index) && redraws < MOST_REDRAWS; redraws++) index = this.#draw(random);
      while (taken.has(index)) index = (index + 1) % swarmHashes;
      taken.add(index);
    }
    return Uint32Array.from(taken);
  }

  #draw(random: SeededRandom): number {
    const cumulative = this.#cumulative;
    const sought = random.nextFloat() * (cumulative.at(-1) as number);
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] as number) > sought) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
