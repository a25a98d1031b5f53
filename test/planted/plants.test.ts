/** Every planted tracker is a tracker: it starts, speaks BEP 15, and stops. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announceRequest, connectRequest, scrapeRequest } from '../../src/lab/target/preflight-requests.ts';
import { openQuestionSocket, type QuestionSocket } from '../../src/lab/target/question-socket.ts';
import { waitUntilServed } from '../../src/lab/target/readiness.ts';
import { readAnnounceReply, readConnectReply, readScrapeReply } from '../../src/lab/target/reply-reading.ts';
import { packageRoot } from '../../src/package-root.ts';
import { AnnounceEvent, RequestOffset } from '../../src/wire/bep15.ts';
import { startChild } from '../end-to-end/child.ts';
import { type BuiltPlants, buildPlants } from './build-plants.ts';
import { plants } from './manifest.ts';
import type { Plant } from './plant.ts';
import { plantCommand } from './plant-command.ts';

const START_MS = 15_000;
const REPLY_MS = 5_000;
const infoHash = Uint8Array.from({ length: 20 }, (_, at) => at);
/** Odd: the half of the clients that the plant `unknown-clients` knows. */
const ports = { leecher: 7001, seeder: 7003 };
let built: BuiltPlants;

beforeAll(() => {
  built = buildPlants(path.join(packageRoot, 'test/planted'));
}, 120_000);
afterAll(() => built.remove());

describe('the manifest', () => {
  it('has 22 plants and 3 healthy trackers at least, five in Go and one in C', () => {
    const planted = plants.filter(({ expected }) => expected !== null);
    expect(planted.length).toBeGreaterThanOrEqual(22);
    expect(plants.length - planted.length).toBeGreaterThanOrEqual(3);
    expect(planted.filter(({ runtime }) => runtime === 'go').length).toBeGreaterThanOrEqual(5);
    expect(planted.filter(({ runtime }) => runtime === 'c').length).toBeGreaterThanOrEqual(1);
    expect(new Set(plants.map(({ id }) => id)).size).toBe(plants.length);
  });

  it('plants each rule twice', () => {
    const counts = new Map<string, number>();
    for (const { expected } of plants) {
      if (expected !== null) counts.set(expected.rule, (counts.get(expected.rule) ?? 0) + 1);
    }
    expect([...counts].filter(([, count]) => count < 2)).toEqual([]);
    expect(counts.size).toBe(11);
  });
});

describe('a planted tracker', () => {
  for (const plant of plants) {
    it(`${plant.id} answers connect, announce and scrape, and stops`, async (context) => {
      const { runtime } = plant;
      const missing = runtime === 'go' || runtime === 'c' ? built.missing.get(runtime) : undefined;
      context.skip(missing !== undefined, missing);
      await withPlant(plant, async (client) => {
        const connected = readConnectReply(await asked(client, connectRequest()));
        if ('refusal' in connected) throw new Error(connected.refusal);
        const id = connected.value;
        const alone = readAnnounceReply(await asked(client, announce(id, ports.leecher, 1)), 4);
        expect(alone).toMatchObject({ value: { peers: 0 } });
        const second = readAnnounceReply(await asked(client, announce(id, ports.seeder, 0)), 4);
        expect(second).toMatchObject({ value: { peers: 1, seeders: 1, leechers: 1 } });
        const scraped = readScrapeReply(await asked(client, scrapeRequest(id, infoHash)));
        expect(scraped).toMatchObject({ value: { seeders: 1, leechers: 1 } });
      });
    }, 60_000);
  }
});

async function withPlant(plant: Plant, use: (client: QuestionSocket) => Promise<void>): Promise<void> {
  const { words, environment, port } = await plantCommand(plant, {
    root: packageRoot,
    binaries: built.folder,
    scale: 1,
  });
  const [file, ...args] = words;
  const child = startChild(spawn(file, args, { env: { ...process.env, ...environment }, stdio: 'pipe' }));
  try {
    const address = '127.0.0.1';
    const { signal } = new AbortController();
    expect(await waitUntilServed({ address, port, timeoutMs: START_MS, signal })).toBe(true);
    const client = await openQuestionSocket(address, port);
    if ('refused' in client) throw new Error(`refused: ${client.refused}`);
    try {
      await use(client);
    } finally {
      await client.close();
    }
    child.process.kill('SIGTERM');
    await (child.process.exitCode ?? child.process.signalCode ?? once(child.process, 'exit'));
  } finally {
    await child.stop();
  }
}

async function asked(client: QuestionSocket, request: Buffer): Promise<Uint8Array> {
  const reply = await client.ask(request, REPLY_MS);
  if (!(reply instanceof Uint8Array)) throw new Error(`no reply (${reply.refused ?? 'silence'})`);
  return reply;
}

function announce(connectionId: Uint8Array, port: number, leftBytes: number): Buffer {
  const request = announceRequest(connectionId, { infoHash, numWant: 50 }, AnnounceEvent.started);
  request.writeUInt32BE(leftBytes, RequestOffset.left + 4);
  request.writeUInt16BE(port, RequestOffset.port);
  return request;
}
