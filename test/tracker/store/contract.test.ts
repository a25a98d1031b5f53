/** One contract for swarms wherever they are kept: in memory, in Redis, in a Redis Cluster. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PEER_LIFETIME_S } from '../../../src/tracker/swarm-store.ts';
import {
  type AnnounceFields,
  announceRequest,
  ipv4Sender,
  ipv6Sender,
  type Sender,
} from '../tracker-fixture.ts';
import {
  type ContractOptions,
  type ContractTracker,
  createMemoryTracker,
  createStoreTracker,
} from './contract-trackers.ts';
import { type RedisServer, redisMissing, startRedis, startRedisCluster, withRedis } from './redis-server.ts';

/** A sweep over everything takes a minute: by then a dead peer has gone. */
const SWEEP_S = 61;
const COMPLETED = 1;
const STOPPED = 3;
const families: [string, (last?: number, port?: number) => Sender][] = [
  ['IPv4', ipv4Sender],
  ['IPv6', ipv6Sender],
];

function peerOf({ address }: Sender, port: number): string {
  return Buffer.concat([address, Uint8Array.of(port >> 8, port & 0xff)]).toString('hex');
}

function holds(create: (options?: ContractOptions) => Promise<ContractTracker>): void {
  let tracker: ContractTracker;

  async function open(options?: ContractOptions): Promise<ContractTracker> {
    tracker = await create(options);
    return tracker;
  }

  afterEach(() => tracker?.close());

  describe.each(families)('%s', (_, senderOf) => {
    const [first, second, third] = [senderOf(1), senderOf(2), senderOf(3)];

    it('counts, and gives a peer the others and not himself', async () => {
      await open();
      expect(await tracker.announce(first, { port: 1 })).toEqual({ leechers: 1, seeders: 0, peers: [] });
      expect(await tracker.announce(second, { port: 2, left: 0n })).toEqual({
        leechers: 1,
        seeders: 1,
        peers: [peerOf(first, 1)],
      });
      expect(await tracker.announce(third, { port: 3 })).toEqual({
        leechers: 2,
        seeders: 1,
        peers: [peerOf(first, 1), peerOf(second, 2)].sort(),
      });
      expect(await tracker.announce(first, { port: 1 })).toEqual({
        leechers: 2,
        seeders: 1,
        peers: [peerOf(second, 2), peerOf(third, 3)].sort(),
      });
    });

    it('gives a seeder leechers only, and one who lost data is a leecher again', async () => {
      await open();
      await tracker.announce(first, { port: 1, left: 0n });
      await tracker.announce(second, { port: 2, left: 0n });
      expect(await tracker.announce(first, { port: 1, left: 0n })).toEqual({
        leechers: 0,
        seeders: 2,
        peers: [],
      });
      expect((await tracker.announce(second, { port: 2, left: 5n })).peers).toEqual([peerOf(first, 1)]);
      expect(await tracker.announce(first, { port: 1, left: 0n })).toEqual({
        leechers: 1,
        seeders: 1,
        peers: [peerOf(second, 2)],
      });
    });

    it('knows a peer by address and port, and each port is another', async () => {
      await open();
      for (const port of [7, 7, 8]) await tracker.announce(first, { port });
      expect(await tracker.scrape(second, [1])).toEqual([[0, 0, 2]]);
    });

    it('lets a peer that stops go, and one that was not there do so for nothing', async () => {
      await open();
      await tracker.announce(first, { port: 1 });
      await tracker.announce(second, { port: 2, left: 0n });
      expect(await tracker.announce(third, { port: 3, event: STOPPED })).toEqual({
        leechers: 1,
        seeders: 1,
        peers: [],
      });
      expect(await tracker.announce(second, { port: 2, event: STOPPED })).toEqual({
        leechers: 1,
        seeders: 0,
        peers: [],
      });
      expect(await tracker.announce(first, { port: 1, event: STOPPED })).toEqual({
        leechers: 0,
        seeders: 0,
        peers: [],
      });
      expect(await tracker.announce(first, { port: 1, event: STOPPED, hash: 99 })).toEqual({
        leechers: 0,
        seeders: 0,
        peers: [],
      });
      expect(await tracker.scrape(third, [1])).toEqual([[0, 0, 0]]);
    });

    it('counts one download for one that completes, and none for one that starts complete', async () => {
      await open();
      const downloads = async (): Promise<number> => (await tracker.scrape(first, [1]))[0]?.[1] as number;
      await tracker.announce(first, { port: 1, left: 0n });
      expect(await downloads()).toBe(0);
      await tracker.announce(first, { port: 1, left: 0n, event: COMPLETED });
      expect(await downloads(), 'known as a seeder already').toBe(0);
      await tracker.announce(second, { port: 2 });
      await tracker.announce(second, { port: 2, left: 0n, event: COMPLETED });
      await tracker.announce(second, { port: 2, left: 0n, event: COMPLETED });
      expect(await downloads(), 'the repeated datagram counts once').toBe(1);
      await tracker.announce(third, { port: 3, left: 0n, event: COMPLETED });
      expect(await downloads(), 'one that was not known').toBe(2);
      await tracker.announce(third, { port: 4, event: COMPLETED });
      expect(await downloads(), 'something is left: not complete').toBe(2);
      expect(tracker.counted().downloads).toBe(2);
    });

    it('forgets downloads with the swarm', async () => {
      await open();
      await tracker.announce(first, { port: 1, left: 0n, event: COMPLETED });
      await tracker.announce(first, { port: 1, event: STOPPED });
      await tracker.announce(second, { port: 2 });
      expect(await tracker.scrape(first, [1])).toEqual([[0, 0, 1]]);
      await tracker.announce(second, { port: 2, left: 0n, event: COMPLETED });
      await tracker.pass(PEER_LIFETIME_S + SWEEP_S);
      await tracker.announce(first, { port: 1 });
      expect(await tracker.scrape(first, [1])).toEqual([[0, 0, 1]]);
    });

    it('keeps a peer for nine eighths of the interval, and no longer', async () => {
      await open();
      await tracker.announce(first, { port: 1 });
      await tracker.announce(second, { port: 2, left: 0n });
      await tracker.pass(PEER_LIFETIME_S - SWEEP_S - 5);
      await tracker.announce(second, { port: 2, left: 0n });
      expect(await tracker.scrape(third, [1])).toEqual([[1, 0, 1]]);
      await tracker.pass(SWEEP_S + 10);
      expect(await tracker.scrape(third, [1])).toEqual([[1, 0, 0]]);
      expect(await tracker.announce(third, { port: 3 })).toEqual({
        leechers: 1,
        seeders: 1,
        peers: [peerOf(second, 2)],
      });
      await tracker.pass(PEER_LIFETIME_S + SWEEP_S);
      expect(await tracker.scrape(third, [1])).toEqual([[0, 0, 0]]);
    });

    it('gives as many peers as are wanted, at most those that fit', async () => {
      await open();
      await Promise.all(
        Array.from({ length: 300 }, (_, peer) =>
          tracker.announce(first, { port: 1000 + peer, left: BigInt(peer % 3) }),
        ),
      );
      const wanted = async (numWant: number): Promise<number> => {
        const { peers } = await tracker.announce(second, { port: 9, numWant });
        expect(new Set(peers).size).toBe(peers.length);
        expect(peers).not.toContain(peerOf(second, 9));
        return peers.length;
      };
      expect([await wanted(-1), await wanted(0), await wanted(1), await wanted(60)]).toEqual([50, 0, 1, 60]);
      expect(await wanted(1_000_000)).toBe(first.family === 4 ? 242 : 79);
      const { peers } = await tracker.announce(second, { port: 10, left: 0n, numWant: 70 });
      expect(peers.length).toBe(70);
    });

    it('draws everybody alike, of both kinds', async () => {
      await open();
      const [leechers, seeders, wanted, draws] = [30, 10, 8, 400];
      for (let peer = 0; peer < leechers + seeders; peer++) {
        await tracker.announce(first, { port: 1000 + peer, left: peer < leechers ? 1n : 0n });
      }
      const drawn = new Map<string, number>();
      const replies = await Promise.all(
        Array.from({ length: draws }, () => tracker.announce(second, { port: 9, numWant: wanted })),
      );
      for (const peer of replies.flatMap(({ peers }) => peers)) drawn.set(peer, (drawn.get(peer) ?? 0) + 1);
      // Of 40 each is drawn 80 times in 400, give or take 8; seven times that has one chance in 10^11.
      expect(drawn.size).toBe(leechers + seeders);
      expect(Math.min(...drawn.values())).toBeGreaterThan(80 - 56);
      expect(Math.max(...drawn.values())).toBeLessThan(80 + 56);
    });

    it('bounds the peers of one address in a swarm', async () => {
      await open({ peersPerAddress: 3 });
      for (let port = 1; port <= 5; port++) await tracker.announce(first, { port });
      expect(tracker.counted().crowded).toBe(2);
      expect(await tracker.announce(first, { port: 6 }), 'it is answered').toMatchObject({
        leechers: 3,
        seeders: 0,
      });
      expect((await tracker.announce(first, { port: 6 })).peers.length).toBe(3);
      await tracker.announce(first, { port: 1, left: 0n });
      expect(await tracker.scrape(first, [1]), 'one that completes stays').toEqual([[1, 0, 2]]);
      const other = { ...second, address: second.address.map((byte, at) => (at === 7 ? 9 : byte)) };
      await tracker.announce(other, { port: 1 });
      expect(await tracker.scrape(first, [1])).toEqual([[1, 0, 3]]);
      await tracker.announce(first, { port: 2, event: STOPPED });
      await tracker.announce(first, { port: 7 });
      expect(await tracker.scrape(first, [1]), 'one went, one came').toEqual([[1, 0, 3]]);
      await tracker.pass(PEER_LIFETIME_S + SWEEP_S);
      for (let port = 11; port <= 15; port++) await tracker.announce(first, { port });
      expect(await tracker.scrape(first, [1]), 'the dead made room').toEqual([[0, 0, 3]]);
    });

    it('answers a scrape of many in its order, with zeros for those that are not there', async () => {
      await open();
      for (let hash = 0; hash < 74; hash += 2)
        await tracker.announce(first, { hash, port: 1, left: BigInt(hash % 4) });
      const hashes = Array.from({ length: 74 }, (_, hash) => 73 - hash);
      expect(await tracker.scrape(second, hashes)).toEqual(
        hashes.map((hash) => (hash % 2 === 1 ? [0, 0, 0] : hash % 4 === 0 ? [1, 0, 0] : [0, 0, 1])),
      );
    });

    it('serves what is on the whitelist', async () => {
      await open({ allowed: [1, 3] });
      await tracker.announce(first, { hash: 1, port: 1 });
      const refused = await tracker.send(announceRequest(await tracker.connect(first), { hash: 2 }), first);
      expect([refused.readUInt32BE(0), refused.subarray(8).toString()]).toEqual([
        3,
        'info_hash is not on the whitelist of this tracker',
      ]);
      expect(await tracker.scrape(first, [2, 1, 3])).toEqual([
        [0, 0, 0],
        [0, 0, 1],
        [0, 0, 0],
      ]);
      expect(await tracker.scrape(first, [2])).toEqual([[0, 0, 0]]);
    });
  });

  it('keeps IPv4 and IPv6 apart', async () => {
    await open();
    await tracker.announce(ipv4Sender(1), { port: 1 });
    expect(await tracker.announce(ipv6Sender(1), { port: 2 })).toEqual({
      leechers: 1,
      seeders: 0,
      peers: [],
    });
    expect(await tracker.scrape(ipv4Sender(1), [1])).toEqual([[0, 0, 1]]);
  });
}

describe('swarms in memory', () => {
  holds(createMemoryTracker);
});

describe.skipIf(redisMissing !== null)(withRedis('swarms in Redis'), () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  holds((options) => createStoreTracker(redis, redis.url, options));

  it('say what swarms in memory say, whatever happens', async () => {
    const step = fc.record({
      kind: fc.constantFrom('announce', 'announce', 'announce', 'announce', 'stop', 'pass'),
      hash: fc.nat(1),
      last: fc.integer({ min: 1, max: 3 }),
      port: fc.integer({ min: 1, max: 4 }),
      seeder: fc.boolean(),
      completed: fc.boolean(),
      numWant: fc.nat(6),
      family: fc.constantFrom(ipv4Sender, ipv6Sender),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const options = { peersPerAddress: 3 };
        const memory = await createMemoryTracker(options);
        const store = await createStoreTracker(redis, redis.url, options);
        try {
          for (const { kind, hash, last, port, seeder, completed, numWant, family } of steps) {
            const sender = family(last);
            if (kind === 'pass') {
              // Not within a sweep of the end of a life: there the one may still have what the other has not.
              const seconds = port === 4 ? PEER_LIFETIME_S + SWEEP_S : port;
              await memory.pass(seconds);
              await store.pass(seconds);
            }
            const event = kind === 'stop' ? STOPPED : completed ? COMPLETED : 0;
            const fields: AnnounceFields = { hash, port, left: seeder ? 0n : 1n, event, numWant };
            const [expected, got] = [
              await memory.announce(sender, fields),
              await store.announce(sender, fields),
            ];
            const shape = ({ leechers, seeders, peers }: typeof got) => ({
              leechers,
              seeders,
              peers: peers.length,
            });
            expect(shape(got)).toEqual(shape(expected));
            if (numWant === 6) {
              expect(got.peers.length < 6 ? got.peers : []).toEqual(
                expected.peers.length < 6 ? expected.peers : [],
              );
            }
            expect(await store.scrape(sender, [0, 1])).toEqual(await memory.scrape(sender, [0, 1]));
          }
          expect(store.counted()).toEqual(memory.counted());
        } finally {
          await store.close();
        }
      }),
      { seed: 8, numRuns: 12 },
    );
  });

  it('are all in one slot a swarm, and go by themselves', async () => {
    const tracker = await createStoreTracker(redis, redis.url, { peersPerAddress: 2 });
    await tracker.announce(ipv4Sender(1), { port: 1 });
    await tracker.announce(ipv4Sender(1), { port: 2, left: 0n, event: COMPLETED });
    const keys = redis.command('keys', '*').split('\n');
    expect(keys.length).toBe(4);
    expect(new Set(keys.map((key) => /\{([0-9a-f]{40})\}/.exec(key)?.[1])).size).toBe(1);
    for (const key of keys) {
      const seconds = Number(redis.command('ttl', key));
      expect(seconds, key).toBeGreaterThan(PEER_LIFETIME_S - 30);
      expect(seconds, key).toBeLessThanOrEqual(PEER_LIFETIME_S + 1);
    }
    await tracker.pass(PEER_LIFETIME_S + 2);
    expect(redis.command('dbsize')).toBe('0');
    await tracker.close();
  });

  it('are asked with one command an announce, also after Redis has lost its scripts', async () => {
    const tracker = await createStoreTracker(redis, redis.url);
    await tracker.announce(ipv4Sender(1), { port: 1 });
    redis.command('script', 'flush');
    expect(await tracker.announce(ipv4Sender(2), { port: 2 })).toMatchObject({ leechers: 2 });
    const calls = (): number =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(redis.command('info', 'commandstats'))?.[1] ?? 0) +
      Number(/cmdstat_eval:calls=(\d+)/.exec(redis.command('info', 'commandstats'))?.[1] ?? 0);
    const before = calls();
    for (let port = 3; port < 13; port++) await tracker.announce(ipv4Sender(2), { port });
    expect(calls() - before).toBe(10);
    await tracker.close();
  });
});

describe.skipIf(redisMissing !== null)(withRedis('swarms in a Redis Cluster'), () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisCluster();
  });
  afterAll(() => redis?.stop());

  holds((options) => createStoreTracker(redis, redis.url.replace('redis:', 'redis+cluster:'), options));
});
