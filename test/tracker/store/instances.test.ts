/** Trackers as processes and in pairs: one store, one secret, and what the operator is told. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { builtEntry } from '../../../src/package-root.ts';
import { batchedUnavailableReason } from '../../../src/wire/open-udp-socket.ts';
import type { TrackerMessage } from '../../../src/wire/tracker-message.ts';
import { announceRequest } from '../tracker-fixture.ts';
import { freePort, type RedisServer, redisMissing, startRedis, withRedis } from './redis-server.ts';
import { UdpClient } from './udp-client.ts';

const PASSWORD = 'p@ss word';
/** Has Node not find ioredis. */
const WITHOUT_IOREDIS = `data:text/javascript,${encodeURIComponent(
  `import{register}from'node:module';register('data:text/javascript,'+encodeURIComponent("export async function resolve(s,c,n){if(s==='ioredis')throw new Error('no ioredis here');return n(s,c)}"))`,
)}`;

interface Run {
  readonly child: ChildProcess;
  readonly output: { text: string };
  readonly ended: Promise<number | null>;
}

const notBatched = await batchedUnavailableReason();
const runs: Run[] = [];
const clients: UdpClient[] = [];
const folder = mkdtempSync(path.join(os.tmpdir(), 'instances-test-'));
const secretFile = path.join(folder, 'secret');
writeFileSync(secretFile, 'c2VjcmV0IG9mIGFsbCBvZiB0aGVt\n');

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(argv: readonly string[], { execArgv = [] as string[], env = {} } = {}): Run {
  const child = fork(builtEntry('tracker/main.js'), ['--host', '127.0.0.1', '--port', '0', ...argv], {
    silent: true,
    execArgv,
    env: { ...process.env, ...env },
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output.text += chunk;
    });
  }
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const started = { child, output, ended };
  runs.push(started);
  return started;
}

async function portOf({ child, output, ended }: Run): Promise<number> {
  const message = await Promise.race([
    once(child, 'message').then(([first]) => first as TrackerMessage),
    ended,
  ]);
  if (message === null || typeof message === 'number' || message.type !== 'tracker-ready') {
    throw new Error(`it did not start: ${output.text}`);
  }
  return message.port;
}

async function client(address: string): Promise<UdpClient> {
  const opened = await UdpClient.open(address);
  clients.push(opened);
  return opened;
}

async function countersOf({ child }: Run): Promise<Record<string, number>> {
  const told = once(child, 'message');
  child.kill('SIGTERM');
  const message = ((await told) as [TrackerMessage])[0];
  return message.type === 'tracker-stopped' ? message.counters : {};
}

describe('two trackers with one secret', () => {
  it.each([
    ['a file', ['--secret-file', secretFile], {}],
    ['the environment', [], { TRACKER_SECRET: 'of the environment' }],
  ])('from %s take the ids of each other', async (_, argv, env) => {
    const [one, two] = [run(argv, { env }), run(argv, { env })];
    const [portOne, portTwo] = [await portOf(one), await portOf(two)];
    const peer = await client('127.0.0.21');
    const id = await peer.connect(portOne);
    expect((await peer.ask(announceRequest(id), portTwo)).readUInt32BE(0)).toBe(1);
  });

  it.each([['1'], ['2']])(
    'take the ids of a second line, which may come while they serve (%s worker)',
    async (workers) => {
      const [old, both] = [path.join(folder, `old-${workers}`), path.join(folder, `both-${workers}`)];
      writeFileSync(old, 'the secret until now\n');
      writeFileSync(both, 'the secret from now on\nthe secret until now\n');
      const [one, two] = [run(['--secret-file', old, '--workers', workers]), run(['--secret-file', both])];
      const [portOne, portTwo] = [await portOf(one), await portOf(two)];
      const peer = await client('127.0.0.21');
      const ofOne = await peer.connect(portOne);
      expect((await peer.ask(announceRequest(ofOne), portTwo)).readUInt32BE(0), 'by the second line').toBe(1);
      writeFileSync(old, 'the secret until now\nthe secret from now on\n');
      const told = (): number => one.output.text.split('was read again: two secrets').length - 1;
      await vi.waitFor(() => expect(told()).toBe(notBatched === null ? Number(workers) : 1), {
        timeout: 10_000,
      });
      const ofTwo = await peer.connect(portTwo);
      for (const hash of [1, 2, 3, 4]) {
        expect((await peer.ask(announceRequest(ofTwo, { hash }), portOne)).readUInt32BE(0)).toBe(1);
      }
      expect(await countersOf(one)).toMatchObject({ 'drops.forgedConnectionId': 0 });
    },
  );

  it('take none of one with another secret', async () => {
    const [one, two] = [run(['--secret', 'one']), run(['--secret', 'two'])];
    const [portOne, portTwo] = [await portOf(one), await portOf(two)];
    const peer = await client('127.0.0.21');
    peer.send(announceRequest(await peer.connect(portOne)), portTwo);
    await peer.connect(portTwo);
    expect(await countersOf(two)).toMatchObject({ 'drops.forgedConnectionId': 1, 'requests.announce': 0 });
  });

  it.each([
    ['is missing', path.join(folder, 'none'), 'ENOENT'],
    ['is short', path.join(folder, 'short'), '5 characters'],
  ])('do not start where its file %s', async (_, file, reason) => {
    writeFileSync(path.join(folder, 'short'), 'short\n');
    const started = run(['--secret-file', file]);
    expect(await started.ended).toBe(12);
    expect(started.output.text).toMatch(/^BAD_SECRET_FILE: /);
    expect(started.output.text).toContain(reason);
  });
});

describe('a tracker with a URL that is none', () => {
  it('ends with 2 and one line', async () => {
    const started = run(['--store', 'localhost:6379']);
    expect(await started.ended).toBe(2);
    expect(started.output.text).toMatch(/^BAD_STORE: .*redis:\/\//);
  });
});

describe('a tracker without ioredis', () => {
  it('serves as long as nobody asks for a store', async () => {
    const port = await portOf(run([], { execArgv: ['--import', WITHOUT_IOREDIS] }));
    expect(await (await client('127.0.0.21')).announce(port, {})).toMatchObject({ leechers: 1 });
  });

  it('says what to install where one is asked for', async () => {
    const started = run(['--store', 'redis://127.0.0.1:1'], { execArgv: ['--import', WITHOUT_IOREDIS] });
    expect(await started.ended).toBe(12);
    expect(started.output.text).toMatch(/^STORE_CLIENT_MISSING: .*no ioredis here.*npm install ioredis/);
  });
});

describe.skipIf(redisMissing !== null)(withRedis('trackers with one store'), () => {
  let redis: RedisServer;
  let url: string;
  beforeAll(async () => {
    redis = await startRedis(['--requirepass', PASSWORD]);
    url = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${redis.port}/1`;
  });
  afterAll(() => redis?.stop());

  it('have the same swarms, and the swarms outlive them', async () => {
    const argv = ['--store', url, '--secret-file', secretFile];
    const [one, two] = [run(argv), run(argv)];
    const [portOne, portTwo] = [await portOf(one), await portOf(two)];
    const [leecher, seeder] = [await client('127.0.0.21'), await client('127.0.0.22')];
    await leecher.announce(portOne, { port: 1 });
    expect(await seeder.announce(portTwo, { port: 2, left: 0n, event: 1 })).toMatchObject({
      peers: ['127.0.0.21:1'],
    });
    expect(await leecher.scrape(portOne, [1])).toEqual([[1, 1, 1]]);
    expect(await countersOf(one)).toMatchObject({ 'store.answered': 2, 'peers.ipv4': 1 });
    expect(await countersOf(two)).toMatchObject({ 'store.answered': 1, downloadsCompleted: 1 });
    const next = await portOf(run(argv));
    expect(await leecher.scrape(next, [1])).toEqual([[1, 1, 1]]);
    for (const { output } of runs) expect(output.text).not.toContain('word');
  });

  it('do not start where Redis does not let them in, and do not tell the password', async () => {
    const started = run(['--store', url.replace('word', 'wrong')]);
    expect(await started.ended).toBe(12);
    expect(started.output.text).toMatch(
      /^STORE_REFUSED: redis:\/\/127\.0\.0\.1:\d+\/1 refuses the tracker: (WRONGPASS|NOAUTH)/,
    );
    expect(started.output.text).not.toContain('wrong');
  });

  it.skipIf(spawnSync('openssl', ['version']).status !== 0)(
    'reach it by TLS, and only where they trust its certificate (needs openssl)',
    async () => {
      const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
      const made = spawnSync('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ]);
      expect(made.status, String(made.stderr)).toBe(0);
      const tlsPort = await freePort();
      const secure = await startRedis([
        ...[
          '--tls-port',
          String(tlsPort),
          '--tls-cert-file',
          cert,
          '--tls-key-file',
          key,
          '--tls-auth-clients',
          'no',
        ],
      ]);
      try {
        const argv = ['--store', `rediss://127.0.0.1:${tlsPort}`, '--store-outage', 'refuse'];
        const [trusting, wary] = [run(argv, { env: { NODE_EXTRA_CA_CERTS: cert } }), run(argv)];
        const [portOne, portTwo] = [await portOf(trusting), await portOf(wary)];
        const peer = await client('127.0.0.24');
        expect(await peer.announce(portOne, {})).toMatchObject({ leechers: 1 });
        expect(await peer.announce(portTwo, {})).toMatch(/^swarms cannot be reached now/);
        expect(wary.output.text).toContain('self-signed certificate');
      } finally {
        await secure.stop();
      }
    },
  );

  it.skipIf(notBatched !== null)('may be workers of one, each of which answers a scrape alone', async () => {
    const started = run(['--store', url, '--workers', '2']);
    const port = await portOf(started);
    const peer = await client('127.0.0.23');
    for (let hash = 100; hash < 110; hash++) await peer.announce(port, { hash, port: 1 });
    const hashes = Array.from({ length: 10 }, (_, index) => 100 + index);
    expect(await peer.scrape(port, hashes)).toEqual(hashes.map(() => [0, 0, 1]));
    expect(await countersOf(started)).toMatchObject({
      'store.answered': 11,
      scrapesGathered: 0,
      'errors.storeUnavailable': 0,
    });
  });
});
