/** The way to a Redis that has a password, by TLS and without. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { openRedis } from '../../../src/lab/agents/redis-link.ts';
import { type RedisServer, redisMissing, startRedis } from '../../tracker/store/redis-server.ts';
import { type Certificates, makeCertificates, opensslMissing } from './certificates.ts';

const PASSWORD = 'hush-hush';
const missing = redisMissing ?? opensslMissing;
const title = 'the way to a Redis with a password and TLS';

/** The error of a connection that must not come about. */
async function refusal(url: string, caFile: string | null): Promise<LabError> {
  const error = await openRedis({ url, caFile }).then(
    (link) => link.close(),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}

describe.skipIf(missing !== null)(missing === null ? title : `${title} (${missing})`, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'redis-tls-test-'));
  let files: Certificates;
  let redis: RedisServer;
  let place: string;
  beforeAll(async () => {
    files = makeCertificates(folder, '127.0.0.1');
    // Its chosen port is that of TLS; there is none in the clear.
    redis = await startRedis((port) => [
      ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', files.certificate, '--tls-key-file', files.key, '--tls-ca-cert-file', files.ca],
      ...['--requirepass', PASSWORD],
    ]);
    place = `127.0.0.1:${redis.port}`;
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is open with both, to short commands, blocking ones and the queues', async () => {
    const link = await openRedis({ url: `rediss://:${PASSWORD}@${place}`, caFile: files.ca });
    try {
      expect(link.shown).toBe(`rediss://${place}`);
      expect(await link.client.ping()).toBe('PONG');
      expect(await link.blockingClient().blpop('nothing', 0.01)).toBeNull();
      const queue = new link.bullmq.Queue('one', { connection: link.connection });
      expect((await queue.add('job', {})).id).toBe('1');
      await queue.close();
    } finally {
      link.close();
    }
  });

  it('is shut without the certificate of the authority, and the hint names the flag', async () => {
    const error = await refusal(`rediss://:${PASSWORD}@${place}`, null);
    expect(error.code).toBe('REDIS_UNREACHABLE');
    expect(error.hint).toContain('--redis-ca FILE');
    expect(error.toLine()).not.toContain(PASSWORD);
  });

  it.each([
    ['a wrong password', 'rediss://:wrong-guess@'],
    ['none', 'rediss://'],
  ])('is shut with %s, and the error names no password', async (_, start) => {
    const error = await refusal(`${start}${place}`, files.ca);
    expect(error.code).toBe('REDIS_REFUSED');
    expect(error.toLine()).not.toMatch(/wrong-guess|hush/);
    expect(error.hint).toContain('LAB_REDIS');
  });

  it('is shut to those who speak in the clear, and to a file that is not there', async () => {
    expect(await refusal(`redis://:${PASSWORD}@${place}`, null)).toMatchObject({ code: 'REDIS_UNREACHABLE' });
    const gone = path.join(folder, 'gone.pem');
    expect(await refusal(`rediss://:${PASSWORD}@${place}`, gone)).toMatchObject({
      code: 'REDIS_CA_UNREADABLE',
    });
  });
});
