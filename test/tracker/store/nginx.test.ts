/** docs/scaling.md's nginx in front of two trackers with one store and one secret: real nginx, Redis and datagrams. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/tracker/log.ts';
import { createTracker, type Tracker } from '../../../src/tracker/server.ts';
import { documentedNginx, nginxMissing } from './documented-nginx.ts';
import { type RedisServer, redisMissing, startRedis } from './redis-server.ts';
import { UdpClient } from './udp-client.ts';

const SECRET = 'the same on both of them';
const missing = redisMissing ?? nginxMissing;

/** Replaces exactly one place. */
function replaceOnce(text: string, from: string, to: string): string {
  expect(text.split(from).length, from).toBe(2);
  return text.replace(from, to);
}

describe.skipIf(missing !== null)(`trackers behind nginx${missing === null ? '' : ` (${missing})`}`, () => {
  let redis: RedisServer;
  let trackers: Tracker[] = [];
  const clients: UdpClient[] = [];
  let nginx: ChildProcess | null = null;
  let folder = '';

  beforeEach(async () => {
    redis = await startRedis();
    trackers = await Promise.all([startTracker(), startTracker()]);
    folder = mkdtempSync(path.join(os.tmpdir(), 'nginx-test-'));
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    if (nginx !== null && nginx.exitCode === null) {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
    }
    nginx = null;
    await Promise.all(trackers.map((tracker) => tracker.stop()));
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function startTracker(): Promise<Tracker> {
    return createTracker({
      host: '127.0.0.1',
      port: 0,
      socketKind: 'auto',
      peerLimit: 1000,
      log: createLog('error', () => {}),
      secret: SECRET,
      secretShared: true,
      store: { url: redis.url, outage: 'refuse' },
    });
  }

  /** nginx with the documented file, on free ports. @returns its port */
  async function startNginx(change: (text: string) => string = (text) => text): Promise<number> {
    const port = await freeUdpPort();
    let text = change(documentedNginx());
    text = replaceOnce(text, 'listen 6969 ', `listen 127.0.0.1:${port} `);
    text = replaceOnce(text, '127.0.0.1:6971;', `127.0.0.1:${trackers[0]?.port};`);
    text = replaceOnce(text, '127.0.0.1:6972;', `127.0.0.1:${trackers[1]?.port};`);
    writeFileSync(path.join(folder, 'nginx.conf'), text);
    nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    nginx.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    // Its workers answer when they are there; until then nobody reads the datagrams that wait, or a port is closed.
    for (let attempt = 0; ; attempt++) {
      if (nginx.exitCode !== null || attempt === 40) throw new Error(`nginx does not serve: ${stderr}`);
      const probe = await UdpClient.open('127.0.0.9');
      try {
        await probe.ask(Buffer.from('00000417271019800000000001020304', 'hex'), port, 250);
        return port;
      } catch {
        // Asked again.
      } finally {
        probe.close();
      }
    }
  }

  async function client(address: string): Promise<UdpClient> {
    const opened = await UdpClient.open(address);
    clients.push(opened);
    return opened;
  }

  function announcesOf(): number[] {
    return trackers.map((tracker) => tracker.counters()['requests.announce'] as number);
  }

  it('stay with one instance by address, have one swarm, and see whose address it is', async () => {
    const port = await startNginx();
    const addresses = Array.from({ length: 16 }, (_, index) => `127.0.1.${index + 1}`);
    for (const address of addresses) {
      const one = await client(address);
      const before = announcesOf();
      for (let turn = 0; turn < 3; turn++) {
        expect(await one.announce(port, { hash: 5, port: 7000 })).toMatchObject({ interval: 1800 });
      }
      const gained = announcesOf().map((count, index) => count - (before[index] as number));
      expect(gained.sort(), address).toEqual([0, 3]);
    }
    expect(Math.min(...announcesOf()), 'both have clients').toBeGreaterThan(0);
    expect(await (await client('127.0.0.77')).announce(port, { hash: 5, port: 1 })).toMatchObject({
      leechers: 17,
      peers: addresses.map((address) => `${address}:7000`).sort(),
    });
  });

  it('take turns without the hash: ids of one are good at the other', async () => {
    const port = await startNginx((text) => replaceOnce(text, 'hash $remote_addr consistent;', ''));
    const [one, two] = [await client('127.0.2.1'), await client('127.0.2.2')];
    for (let turn = 0; turn < 10; turn++) {
      await one.announce(port, { hash: 5, port: 7001 });
      expect(await two.announce(port, { hash: 5, port: 7002 })).toMatchObject({
        leechers: 2,
        peers: ['127.0.2.1:7001'],
      });
    }
    expect(Math.min(...announcesOf())).toBeGreaterThan(0);
    for (const tracker of trackers) expect(tracker.counters()['drops.forgedConnectionId']).toBe(0);
  });

  it('see nginx and no client where it does not bind to the address', async () => {
    const port = await startNginx((text) => replaceOnce(text, 'proxy_bind $remote_addr transparent;', ''));
    await (await client('127.0.3.1')).announce(port, { hash: 5, port: 7001 });
    expect(await (await client('127.0.3.2')).announce(port, { hash: 5, port: 7002 })).toMatchObject({
      peers: ['127.0.0.1:7001'],
    });
  });
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
