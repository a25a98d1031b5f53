/** Redis is killed and stopped under a tracker that serves: what is answered, what is counted, and that it comes back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/tracker/log.ts';
import { createTracker, type Tracker } from '../../../src/tracker/server.ts';
import type { StoreOutage } from '../../../src/tracker/store-policy-handler.ts';
import { batchedUnavailableReason } from '../../../src/wire/open-udp-socket.ts';
import { announceRequest, connectRequest } from '../tracker-fixture.ts';
import { type RedisServer, redisMissing, startRedis, withRedis } from './redis-server.ts';
import { UdpClient } from './udp-client.ts';

const REFUSED = 'swarms cannot be reached now; please announce again later';
const PATIENCE_MS = 12_000;
const batched = (await batchedUnavailableReason()) === null ? 'batched' : 'auto';

describe.skipIf(redisMissing !== null)(withRedis('a tracker whose Redis goes away'), () => {
  let redis: RedisServer;
  let tracker: Tracker;
  let log: string[];
  let first: UdpClient;
  let second: UdpClient;

  beforeEach(async () => {
    log = [];
    redis = await startRedis();
    first = await UdpClient.open('127.0.0.11');
    second = await UdpClient.open('127.0.0.12');
  });

  afterEach(async () => {
    await redis.signal('SIGCONT');
    await tracker?.stop();
    first.close();
    second.close();
    await redis.stop();
  });

  /** With the batched socket unless told. */
  async function start(
    outage: StoreOutage,
    socketKind: 'dgram' | 'auto' | 'batched' = batched,
  ): Promise<void> {
    tracker = await createTracker({
      host: '127.0.0.1',
      port: 0,
      socketKind,
      peerLimit: 1000,
      log: createLog('info', (line) => log.push(line)),
      store: { url: redis.url, outage },
    });
  }

  function count(name: string): number {
    return tracker.counters()[name] as number;
  }

  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > endMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Each announce and scrape ended in one of three ways. */
  function expectAllAccountedFor(): void {
    const ended = ['store.answered', 'store.servedFromCache', 'errors.storeUnavailable'].map(count);
    expect(ended.reduce((sum, one) => sum + one)).toBe(count('requests.announce') + count('requests.scrape'));
  }

  it('that is killed refuses by the policy, answers connects, and serves again when it is back', async () => {
    await start('refuse', 'dgram');
    expect(await first.announce(tracker.port, { port: 1 })).toMatchObject({ leechers: 1 });
    await redis.signal('SIGKILL');
    await until('it is lost', () => count('store.up') === 0);
    expect(await first.announce(tracker.port, { port: 1 })).toBe(REFUSED);
    expect(await first.scrape(tracker.port, [1])).toBe(REFUSED);
    expect((await second.connect(tracker.port)).length).toBe(8);
    expect([count('peers.ipv4'), count('errors.storeUnavailable')]).toEqual([0, 2]);
    const again = await startRedis([], redis.port);
    try {
      await until('it is back', () => count('store.up') === 1);
      expect(await second.announce(tracker.port, { port: 2 }), 'it came back empty').toMatchObject({
        leechers: 1,
        peers: [],
      });
      expect(count('store.outages')).toBe(1);
      expect(log.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
      expect(log.at(-1)).toMatch(/^info: the store redis:\/\/127\.0\.0\.1:\d+ is there after \d+\.\d s$/);
      expectAllAccountedFor();
    } finally {
      await tracker.stop();
      await again.stop();
    }
  });

  it('that is killed serves from its own clients, newcomers too', async () => {
    await start('serve-cache');
    await first.announce(tracker.port, { port: 1, left: 0n });
    await first.announce(tracker.port, { port: 3, hash: 2 });
    await redis.signal('SIGKILL');
    await until('it is lost', () => count('store.up') === 0);
    expect(await second.announce(tracker.port, { port: 2 })).toMatchObject({
      leechers: 1,
      seeders: 1,
      peers: ['127.0.0.11:1'],
    });
    expect(await first.announce(tracker.port, { port: 1, left: 0n })).toMatchObject({
      peers: ['127.0.0.12:2'],
    });
    await first.announce(tracker.port, { port: 3, hash: 2, event: 3 });
    expect(await first.scrape(tracker.port, [1])).toEqual([[1, 0, 1]]);
    expect(await first.scrape(tracker.port, [1, 99]), 'zero is not said of what is not known').toBe(REFUSED);
    expect([count('store.servedFromCache'), count('errors.storeUnavailable')]).toEqual([4, 1]);
    expectAllAccountedFor();
  });

  it.each([
    ['serve-cache', 'dgram', 'store.servedFromCache'],
    ['refuse', batched, 'errors.storeUnavailable'],
  ] as const)(
    'that hangs under load (%s, %s) holds nobody up, and every request is answered',
    async (policy, kind, ended) => {
      await start(policy, kind);
      const { port } = tracker;
      const id = await first.connect(port);
      await first.announce(port, { port: 1 });
      await redis.signal('SIGSTOP');
      // Their answers fit into the receive buffer of a socket, all at once.
      const announces = 60;
      let answered = 0;
      const all = first.collect(announces, (answer) => {
        answered += answer.readUInt32BE(0) === (policy === 'refuse' ? 3 : 1) ? 1 : 0;
      });
      for (let peer = 0; peer < announces; peer++) {
        first.send(announceRequest(id, { port: 100 + peer, hash: peer % 5 }), port);
      }
      await until('all wait', () => count('store.waiting') === announces);
      // One after the other, for as long as Redis says nothing: the event loop goes round.
      let connects = 0;
      while (count('store.waiting') === announces) {
        expect((await second.ask(connectRequest(), port)).readUInt32BE(0)).toBe(0);
        connects++;
      }
      expect(connects, 'connects did not wait for Redis').toBeGreaterThan(1);
      await all;
      expect(answered).toBe(announces);
      expect([count(ended), count('store.waiting'), count('store.answered')]).toEqual([announces, 0, 1]);
      // What waits for too long ends by its own time or with the silent connection, whichever is first.
      await until('each script has an end', () => count('store.errors') === announces);
      expect(count('store.timeouts')).toBeLessThanOrEqual(announces);
      await redis.signal('SIGCONT');
      await until('it is back', () => count('store.up') === 1);
      await until('Redis answers', async () => {
        const before = count('store.answered');
        await second.announce(port, { port: 2 });
        return count('store.answered') > before;
      });
      expect(count('store.outages')).toBeGreaterThan(0);
      expectAllAccountedFor();
    },
  );

  it('that is not there at the start serves by the policy until it is', async () => {
    const { port } = redis;
    await redis.stop();
    await start('refuse');
    expect(await first.announce(tracker.port, { port: 1 })).toBe(REFUSED);
    expect(log[0]).toMatch(
      /^warn: the store .* cannot be reached \(.*ECONNREFUSED.*\); announces and scrapes are refused$/,
    );
    redis = await startRedis([], port);
    await until('it is there', () => count('store.up') === 1);
    expect(await first.announce(tracker.port, { port: 1 })).toMatchObject({ leechers: 1 });
    expectAllAccountedFor();
  });

  it('that refuses to write is an error of the store and no crash', async () => {
    await start('refuse', 'dgram');
    await first.announce(tracker.port, { port: 1 });
    redis.command('config', 'set', 'maxmemory', '1');
    expect(await second.announce(tracker.port, { port: 2 })).toBe(REFUSED);
    expect(count('store.errors')).toBe(1);
    expect(
      await first.announce(tracker.port, { port: 1, event: 3 }),
      'what frees memory is let in',
    ).toMatchObject({
      leechers: 0,
    });
    redis.command('config', 'set', 'maxmemory', '0');
    expect(await first.announce(tracker.port, { port: 1 })).toMatchObject({ leechers: 1 });
    redis.command('set', redis.command('keys', '*:4l'), 'what somebody else wrote');
    expect(await first.announce(tracker.port, { port: 1 })).toBe(REFUSED);
    expectAllAccountedFor();
  });

  it('that is still asked when the tracker stops is waited for', async () => {
    await start('refuse');
    const id = await first.connect(tracker.port);
    const answer = first.ask(announceRequest(id, { port: 1 }), tracker.port);
    await until('it was received', () => count('requests.announce') === 1);
    await tracker.stop();
    expect((await answer).readUInt32BE(0)).toBe(1);
  });
});
