/** A tracker whose swarms are in a Redis Cluster of three nodes: spread, moved from one to another, and without one of them. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/tracker/log.ts';
import { createTracker, type Tracker } from '../../../src/tracker/server.ts';
import { batchedUnavailableReason } from '../../../src/wire/open-udp-socket.ts';
import { hashBytes } from '../tracker-fixture.ts';
import { type RedisServer, redisMissing, startRedisNodes, withRedis } from './redis-server.ts';
import { UdpClient } from './udp-client.ts';

const HASHES = Array.from({ length: 48 }, (_, index) => index + 1);
const notBatched = await batchedUnavailableReason();

describe.skipIf(redisMissing !== null)(withRedis('a tracker with a cluster of three'), () => {
  let nodes: RedisServer[] = [];
  const trackers: Tracker[] = [];
  const clients: UdpClient[] = [];

  beforeEach(async () => {
    if (nodes.length === 0) nodes = await startRedisNodes(3);
    for (const node of nodes) node.command('flushall');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(trackers.splice(0).map((tracker) => tracker.stop()));
  });
  afterAll(stopNodes);

  async function stopNodes(): Promise<void> {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  }

  async function start(socketKind: 'auto' | 'dgram' = 'auto'): Promise<Tracker> {
    const tracker = await createTracker({
      host: '127.0.0.1',
      port: 0,
      socketKind,
      peerLimit: 1000,
      log: createLog('error', () => {}),
      // One node is named, the others are found.
      store: { url: `redis+cluster://127.0.0.1:${nodes[0]?.port}`, outage: 'refuse' },
    });
    trackers.push(tracker);
    return tracker;
  }

  async function client(address: string): Promise<UdpClient> {
    const opened = await UdpClient.open(address);
    clients.push(opened);
    return opened;
  }

  function keysOf(node: RedisServer, hash: number): string[] {
    const tag = `{${Buffer.from(hashBytes(hash)).toString('hex')}}`;
    return node
      .command('keys', '*')
      .split('\n')
      .filter((key) => key.includes(tag));
  }

  it.each(['dgram', ...(notBatched === null ? (['auto'] as const) : [])] as const)(
    'spreads swarms over all of them, one of two instances with the %s socket',
    async (kind) => {
      const [one, two] = [await start(kind), await start()];
      const [first, second] = [await client('127.0.0.31'), await client('127.0.0.32')];
      for (const hash of HASHES) await first.announce(one.port, { hash, port: 1 });
      for (const hash of HASHES) {
        expect(await second.announce(two.port, { hash, port: 2, left: 0n })).toMatchObject({
          leechers: 1,
          seeders: 1,
          peers: ['127.0.0.31:1'],
        });
      }
      // One scrape asks all three nodes.
      expect(await first.scrape(one.port, HASHES)).toEqual(HASHES.map(() => [1, 0, 1]));
      for (const node of nodes) expect(Number(node.command('dbsize'))).toBeGreaterThan(0);
      expect(one.counters()).toMatchObject({ 'store.answered': HASHES.length + 1, 'store.errors': 0 });
    },
  );

  it('follows a slot that moves to another node, and goes by the policy while it moves', async () => {
    const tracker = await start();
    const { port } = tracker;
    const [first, second] = [await client('127.0.0.31'), await client('127.0.0.32')];
    await first.announce(port, { hash: 7, port: 1, left: 0n });
    const from = nodes.find((node) => keysOf(node, 7).length > 0) as RedisServer;
    const to = nodes.find((node) => node !== from) as RedisServer;
    const keys = keysOf(from, 7);
    const slot = from.command('cluster', 'keyslot', keys[0] as string);
    const idOf = (node: RedisServer): string => node.command('cluster', 'myid');
    to.command('script', 'flush');
    to.command('cluster', 'setslot', slot, 'importing', idOf(from));
    from.command('cluster', 'setslot', slot, 'migrating', idOf(to));
    // A swarm without a leecher has no key of leechers: to Redis that one may be at the other node.
    expect(await second.announce(port, { hash: 7, port: 2 })).toMatch(/^swarms cannot be reached now/);
    from.command('migrate', '127.0.0.1', String(to.port), '', '0', '5000', 'keys', ...keys);
    for (const node of [to, from]) node.command('cluster', 'setslot', slot, 'node', idOf(to));
    // The old node says that it has moved; the new one has not heard of the script.
    expect(await second.announce(port, { hash: 7, port: 2 })).toMatchObject({
      leechers: 1,
      seeders: 1,
      peers: ['127.0.0.31:1'],
    });
    expect([keysOf(from, 7), keysOf(to, 7).length]).toEqual([[], 2]);
    expect(tracker.counters()).toMatchObject({
      'store.answered': 2,
      'store.errors': 1,
      'store.timeouts': 0,
      'store.outages': 0,
    });
  });

  it('refuses what a dead node has, and serves the rest', async () => {
    const tracker = await start();
    const { port } = tracker;
    const peer = await client('127.0.0.31');
    for (const hash of HASHES) await peer.announce(port, { hash, port: 1 });
    const dead = nodes[2] as RedisServer;
    const itsKeys = dead.command('keys', '*');
    const isIts = (hash: number): boolean => itsKeys.includes(Buffer.from(hashBytes(hash)).toString('hex'));
    const lost = HASHES.filter(isIts).slice(0, 2);
    const kept = HASHES.filter((hash) => !isIts(hash)).slice(0, 6);
    expect([lost.length, kept.length]).toEqual([2, 6]);
    try {
      await dead.signal('SIGKILL');
      for (const hash of lost)
        expect(await peer.announce(port, { hash, port: 1 })).toMatch(/^swarms cannot be/);
      for (const hash of kept) {
        expect(await peer.announce(port, { hash, port: 1 })).toMatchObject({ leechers: 1 });
      }
      expect(tracker.counters()).toMatchObject({
        'errors.storeUnavailable': lost.length,
        'store.answered': HASHES.length + kept.length,
      });
    } finally {
      await stopNodes();
    }
  });
});
