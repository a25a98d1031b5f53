import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { addHistograms } from '../../../src/lab/load/latency-histogram.ts';
import { poolInfoHashes } from '../../../src/lab/load/swarm-model.ts';
import { operations } from '../../../src/run.ts';
import { forkResponder, onlyPhase, respond, run, scenario, start, totals } from './load-harness.ts';
import { errorReply, PEERS_IN_REPLY, ScriptedResponder, validReply } from './scripted-responder.ts';

/** Long against what a busy machine delays an honest reply, short against the test. */
const SHORT_TIMEOUT_MS = 400;

describe('in closed loop', () => {
  test('every request of an honest tracker succeeds, and both sides count the same', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const load = await start(responder.port);
    const result = await run(load, 400);
    const phase = onlyPhase(result);
    const { sent, succeeded } = totals(phase);
    expect(sent).toBe(responder.requests);
    expect(succeeded).toBe(sent);
    expect(operations.map((operation) => phase.operations[operation].sent)).toEqual(
      responder.requestsByAction,
    );
    expect(phase.peersReceived).toBe(PEERS_IN_REPLY * phase.operations.announce.succeeded);
    expect(phase.strayReplies).toEqual({ late: 0, duplicate: 0, unknown: 0, malformed: 0 });
    expect(phase.retries).toBe(0);
    expect(phase.generatorSocketDrops).toBe(0);
    expect(result.lostThreads).toEqual({ count: 0, clientShare: 0, causes: [] });
    const latency = addHistograms(result.histograms.map(({ encoded }) => encoded));
    expect(latency.totalCount).toBe(sent);
    expect(latency.getValueAtPercentile(0)).toBeGreaterThan(0);
    expect(new Set(result.histograms.map(({ clock }) => clock))).toEqual(new Set(['service']));
  });

  test('clients speak from several loopback addresses about hashes of the seeded pool', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const load = await start(responder.port, { loadThreads: 2 });
    await run(load, 300);
    expect(responder.sources.size).toBe(8);
    for (const source of responder.sources) expect(source).toMatch(/^127\.1\./);
    const pool = new Set(poolInfoHashes(scenario.seed, scenario.swarmHashes));
    expect(responder.infoHashes.size).toBeGreaterThan(10);
    expect([...responder.infoHashes].filter((hash) => !pool.has(hash))).toEqual([]);
  });

  test('clients speak about the given hashes alone where a list is given', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const infoHashes = Array.from({ length: 30 }, (_, index) => `${10 + index}`.repeat(20));
    const load = await start(responder.port, { loadThreads: 2 }, { infoHashes });
    await run(load, 300);
    expect(responder.infoHashes.size).toBeGreaterThan(10);
    expect([...responder.infoHashes].filter((hash) => !infoHashes.includes(hash))).toEqual([]);
  });

  test('each lost reply is one time-out, of at least the time-out, and nothing else is', async () => {
    let lost = 0;
    const responder = await respond(({ number, bytes }) => {
      if (number % 7 !== 3) return [validReply(bytes)];
      lost++;
      return [];
    });
    const load = await start(responder.port, { concurrency: 50, timeoutMs: SHORT_TIMEOUT_MS });
    const result = await run(load, 1_200);
    const phase = onlyPhase(result);
    const { sent, succeeded, timedOut } = totals(phase);
    expect(lost).toBeGreaterThan(50);
    expect(sent).toBe(responder.requests);
    expect(timedOut).toBe(lost);
    expect(succeeded).toBe(sent - lost);
    expect(phase.retries).toBeGreaterThan(0);
    expect(phase.retries).toBeLessThanOrEqual(lost);
    const latency = addHistograms(result.histograms.map(({ encoded }) => encoded));
    expect(latency.totalCount).toBe(sent);
    expect(latency.getValueAtPercentile(100)).toBeGreaterThanOrEqual(SHORT_TIMEOUT_MS * 1e6);
  });

  test('late, duplicate, unknown, malformed and error replies are each counted as what they are', async () => {
    const did = { late: 0, duplicate: 0, unknown: 0, short: 0, malformed: 0, error: 0, silent: 0 };
    /** By sender, since a stray counts only if it arrives, before the reply that the client waits for. */
    const lastAnswered = new Map<string, Buffer>();
    const heldBack = new Map<string, { reply: Buffer; atMs: number }>();
    const responder = await respond(({ number, bytes, from, atMs }) => {
      const before: Buffer[] = [];
      const held = heldBack.get(from);
      if (held !== undefined && atMs - held.atMs > 1.3 * SHORT_TIMEOUT_MS) {
        heldBack.delete(from);
        before.push(held.reply);
        did.late++;
      }
      const last = lastAnswered.get(from);
      if (number % 5 === 1 && last !== undefined) {
        before.push(last);
        did.duplicate++;
      }
      if (number % 11 === 2) {
        const stranger = validReply(bytes);
        stranger.writeUInt32BE((stranger.readUInt32BE(4) ^ 0x80000000) >>> 0, 4);
        before.push(stranger);
        did.unknown++;
      }
      if (number % 13 === 3) {
        before.push(Buffer.alloc(number % 8));
        did.short++;
      }
      if (number % 100 === 4 && !heldBack.has(from)) {
        heldBack.set(from, { reply: validReply(bytes), atMs });
        did.silent++;
        return before;
      }
      let answer = validReply(bytes);
      if (number % 17 === 5) {
        answer = errorReply(bytes, 'not on the list');
        did.error++;
      } else if (number % 19 === 6) {
        answer.writeUInt32BE(9, 0);
        did.malformed++;
      }
      lastAnswered.set(from, answer);
      return [...before, answer];
    });
    const load = await start(responder.port, { timeoutMs: SHORT_TIMEOUT_MS });
    const phase = onlyPhase(await run(load, 2_000));
    expect(Math.min(...Object.values(did))).toBeGreaterThan(0);
    expect(phase.strayReplies).toEqual({
      late: did.late,
      duplicate: did.duplicate,
      unknown: did.unknown,
      malformed: did.short,
    });
    const { sent, succeeded, ...failed } = totals(phase);
    expect(failed).toEqual({
      timedOut: did.silent,
      errorReplies: did.error,
      malformedReplies: did.malformed,
      sendFailed: 0,
      unresolved: 0,
    });
    expect(sent).toBe(responder.requests);
    expect(succeeded).toBe(sent - did.silent - did.error - did.malformed);
    expect(phase.errorTexts).toEqual({ 'not on the list': did.error });
  });

  test('phases are kept apart and each second has a row that lies in one phase', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const { pool, rows } = await start(responder.port, {
      warmupMs: 1_000,
      durationMs: 10_000,
      profileDurationMs: 200,
    });
    pool.beginPhase('warm-up');
    // The second that ends with the phase is closed by its end and not by the clock just before.
    await delay(1_050);
    pool.beginPhase('warm-up');
    pool.beginPhase('clean');
    await delay(1_200);
    pool.beginPhase('profiled');
    expect(() => pool.beginPhase('clean')).toThrow(RangeError);
    await delay(200);
    const result = await pool.stop();
    expect(result.phases.map(({ phase }) => phase)).toEqual(['warm-up', 'clean', 'profiled']);
    expect(rows.map(({ phase }) => phase)).toEqual(['warm-up', 'clean', 'clean', 'profiled']);
    for (const phase of result.phases) {
      expect(totals(phase).succeeded).toBe(totals(phase).sent);
      const own = rows.filter((row) => row.phase === phase.phase);
      expect(own[0]?.atMs).toBeCloseTo(phase.startMs + (own[0]?.spanMs as number), 6);
      expect(own.reduce((sum, row) => sum + row.spanMs, 0)).toBeCloseTo(phase.endMs - phase.startMs, 0);
      expect(phase.threads.length).toBe(1);
      expect(phase.threads[0]?.sendLagNsMax).toBeGreaterThan(0);
      if (process.platform === 'linux') expect(phase.threads[0]?.cpuShare).toBeGreaterThan(0);
    }
    const rowsSent = rows.reduce((sum, row) => sum + row.sent, 0);
    expect(rowsSent).toBe(responder.requests);
    for (const row of rows) expect(row.latencyNsP99).toBeGreaterThanOrEqual(row.latencyNsP50 as number);
  });

  test('an abort leaves what is in flight unresolved, without waiting for it', async () => {
    const responder = await respond(() => []);
    const { pool } = await start(responder.port, { timeoutMs: 60_000 });
    pool.beginPhase('clean');
    await delay(200);
    const stopping = pool.stop();
    const phase = onlyPhase(await pool.abort());
    expect(await stopping).toEqual(await pool.abort());
    expect(totals(phase)).toMatchObject({ sent: 20, unresolved: 20, timedOut: 0 });
  });

  test('a target where nobody listens makes every request time out or fail to send', async () => {
    const responder = await ScriptedResponder.open(() => []);
    const { port } = responder;
    await responder.close();
    const load = await start(port, { timeoutMs: 150 });
    const { sent, timedOut, sendFailed } = totals(onlyPhase(await run(load, 500)));
    expect(sent).toBeGreaterThan(20);
    expect(timedOut + sendFailed).toBe(sent);
  });

  test('a load thread that dies is reported, and its share is out of the totals', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const entry = fileURLToPath(new URL('dying-thread.mjs', import.meta.url));
    const load = await start(responder.port, { loadThreads: 2, concurrency: 21 }, { threadEntry: entry });
    const result = await run(load, 700);
    expect(load.failures.length).toBe(1);
    expect(load.failures[0]?.message).toContain('load thread 1 of 2');
    expect(result.lostThreads.count).toBe(1);
    expect(result.lostThreads.clientShare).toBeCloseTo(10 / 21, 9);
    expect(result.lostThreads.causes[0]).toContain('thread 1');
    const phase = onlyPhase(result);
    expect(phase.threads.length).toBe(1);
    expect(totals(phase).sent).toBeGreaterThan(0);
    expect(totals(phase).sent).toBeLessThan(responder.requests);
  });

  test('a target whose name does not resolve is refused before any load', async () => {
    await expect(start(1, {}, { target: { host: 'no-such-host.invalid', port: 1 } })).rejects.toMatchObject({
      code: 'HOST_NOT_FOUND',
    });
  });
});

test('ten thousand workers all take part, through a handful of file descriptors', async () => {
  const { port, ask } = await forkResponder();
  const load = await start(port, {
    concurrency: 10_000,
    swarmHashes: 1_000,
    timeoutMs: 2_000,
    warmupMs: 1_500,
  });
  load.pool.beginPhase('clean');
  const ports = new Set<number>();
  for (let second = 0; ports.size < 10_000 && second < 15; second++) {
    await delay(500);
    for (const announced of (await ask()) as number[]) ports.add(announced);
  }
  if (process.platform === 'linux') expect(readdirSync('/proc/self/fd').length).toBeLessThan(200);
  const phase = onlyPhase(await load.pool.stop());
  expect(ports.size).toBe(10_000);
  expect(totals(phase).sent).toBeGreaterThan(20_000);
  expect(totals(phase).unresolved).toBe(0);
});
