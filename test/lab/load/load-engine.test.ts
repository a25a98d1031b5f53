import { describe, expect, test } from 'vitest';
import { decodeHistogram } from '../../../src/lab/load/latency-histogram.ts';
import type { PhaseReport } from '../../../src/lab/load/load-engine.ts';
import { Grid } from '../../../src/lab/load/pacer.ts';
import { batchOf, MS, replyTo, setUp, TIMEOUT_MS } from './engine-harness.ts';

function errorTo(request: Buffer, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(3, 0);
  request.copy(head, 4, 12, 16);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('closed loop', () => {
  test('a client has one request in flight and sends the next with the reply', () => {
    const { engine, socket, last } = setUp();
    engine.startClient(0);
    expect(socket.sent.length).toBe(1);
    for (let count = 2; count <= 20; count++) {
      engine.receive(batchOf([replyTo(last())]));
      expect(socket.sent.length).toBe(count);
      expect(engine.pending).toBe(1);
    }
  });

  test('latency runs from the send to the batch that holds the reply', () => {
    const { engine, clock, last } = setUp();
    clock.nowNs = 5 * MS;
    engine.startClient(0);
    clock.nowNs = 8 * MS;
    engine.receive(batchOf([replyTo(last())]));
    const [histogram, ...others] = engine.report().histograms;
    expect(others).toEqual([]);
    expect(histogram).toMatchObject({ phase: 'clean', operation: 'connect', clock: 'service' });
    const latency = decodeHistogram(histogram?.encoded as string);
    expect(latency.totalCount).toBe(1);
    expect(latency.getValueAtPercentile(50) / MS).toBeCloseTo(3, 2);
  });

  test('a request counts for the phase in which it was sent', () => {
    const { engine, last } = setUp();
    engine.startClient(0);
    engine.beginPhase('profiled');
    engine.receive(batchOf([replyTo(last())]));
    const [clean, profiled] = engine.report().phases;
    expect(clean?.tally.operations.connect).toMatchObject({ sent: 1, succeeded: 1 });
    expect(profiled?.tally.operations.announce).toMatchObject({ sent: 1, succeeded: 0 });
  });

  test('a reply after the time-out is late, also where nothing looked at the clock before', () => {
    const { engine, clock, last, total } = setUp();
    engine.startClient(0);
    const request = last();
    clock.nowNs = TIMEOUT_MS * MS;
    engine.receive(batchOf([replyTo(request)]));
    expect(total('timedOut')).toBe(1);
    expect(total('succeeded')).toBe(0);
    expect(engine.report().phases[0]?.tally.strayReplies.late).toBe(1);
  });

  test('time-outs enter the histogram with at least the time-out, and the request is repeated', () => {
    const { engine, clock, socket } = setUp();
    engine.startClient(0);
    clock.nowNs = TIMEOUT_MS * MS - 1;
    engine.expire();
    expect(socket.sent.length).toBe(1);
    clock.nowNs = (TIMEOUT_MS + 4) * MS;
    engine.expire();
    expect(socket.sent.length).toBe(2);
    const { phases, histograms } = engine.report();
    expect(phases[0]?.tally.retries).toBe(1);
    const latency = decodeHistogram(histograms[0]?.encoded as string);
    expect(latency.getValueAtPercentile(0)).toBeGreaterThanOrEqual(TIMEOUT_MS * MS * 0.999);
  });

  test('a datagram that the kernel refused is a failed send and no time-out', () => {
    const { engine, clock, socket, total } = setUp();
    engine.startClient(0);
    engine.startClient(1);
    socket.counters.sendErrors = 1;
    clock.nowNs = (TIMEOUT_MS + 1) * MS;
    engine.expire();
    expect([total('sendFailed'), total('timedOut')]).toEqual([1, 1]);
  });

  test('what is in flight at an abort is unresolved', () => {
    const { engine, last, total } = setUp();
    engine.startClient(0);
    engine.startClient(1);
    engine.receive(batchOf([replyTo(last())]));
    engine.stopSending();
    engine.abandon();
    expect([total('sent'), total('succeeded'), total('unresolved')]).toEqual([3, 1, 2]);
    expect(engine.pending).toBe(0);
  });

  test('nothing is sent after the stop, and replies still count', () => {
    const { engine, socket, last, total } = setUp();
    engine.startClient(0);
    engine.stopSending();
    engine.receive(batchOf([replyTo(last())]));
    expect(socket.sent.length).toBe(1);
    expect([total('sent'), total('succeeded')]).toEqual([1, 1]);
  });

  test('an error that names the connection id makes the client connect again', () => {
    const { engine, last } = setUp();
    engine.startClient(0);
    engine.receive(batchOf([replyTo(last())]));
    expect(last().readUInt32BE(8)).toBe(1);
    engine.receive(batchOf([errorTo(last(), 'Connection ID mismatch')]));
    expect(last().readUInt32BE(8)).toBe(0);
  });

  test('error texts are kept apart, from the 21st on together', () => {
    const { engine, last, total } = setUp();
    engine.startClient(0);
    for (let index = 0; index < 25; index++) {
      engine.receive(batchOf([errorTo(last(), `refused, reason ${Math.min(index, 22)}`)]));
    }
    const texts = engine.report().phases[0]?.tally.errorTexts as Record<string, number>;
    expect(Object.keys(texts).length).toBe(21);
    expect(texts['refused, reason 0']).toBe(1);
    expect(texts['other']).toBe(5);
    expect(total('errorReplies')).toBe(25);
  });

  test('peers and bytes are those of the replies', () => {
    const { engine, last } = setUp();
    engine.startClient(0);
    engine.receive(batchOf([replyTo(last())]));
    engine.receive(batchOf([replyTo(last())]));
    expect(engine.report().phases[0]?.tally).toMatchObject({
      peersReceived: 2,
      receivedBytes: 16 + 32,
      sentBytes: 16 + 98 + 98,
    });
  });
});

describe('open loop', () => {
  test('sends what is due, however many are unanswered, clients in turn', () => {
    const { engine, clock, socket } = setUp(true);
    const grid = new Grid({ ratePerSecond: 1_000, threads: 1, thread: 0, startNs: 0 });
    clock.nowNs = 9.5 * MS;
    expect(engine.sendDue(grid)).toBe(false);
    expect(socket.sent.length).toBe(10);
    expect(engine.pending).toBe(10);
    engine.sendDue(grid);
    expect(socket.sent.length).toBe(10);
  });

  test('service time runs from the send, response time from the point on the grid', () => {
    const { engine, clock, last } = setUp(true);
    const grid = new Grid({ ratePerSecond: 1, threads: 1, thread: 0, startNs: 10 * MS });
    clock.nowNs = 12 * MS;
    engine.sendDue(grid);
    clock.nowNs = 17 * MS;
    engine.receive(batchOf([replyTo(last())]));
    const latencyMs = Object.fromEntries(
      engine
        .report()
        .histograms.map(({ clock, encoded }) => [
          clock,
          Math.round(decodeHistogram(encoded).getValueAtPercentile(50) / MS),
        ]),
    );
    expect(latencyMs).toEqual({ service: 5, response: 7 });
    const lag = engine.report().phases[0]?.tally.sendLag;
    expect(Math.round((lag?.nsMax as number) / MS)).toBe(2);
  });

  test('a reply brings no further request', () => {
    const { engine, clock, socket, last } = setUp(true);
    const grid = new Grid({ ratePerSecond: 1, threads: 1, thread: 0, startNs: 0 });
    engine.sendDue(grid);
    clock.nowNs = MS;
    engine.receive(batchOf([replyTo(last())]));
    expect(socket.sent.length).toBe(1);
  });

  test('what was due longer ago than the time-out is given up, counted, and as long as the time-out in the percentiles', () => {
    const { engine, clock, socket } = setUp(true);
    const grid = new Grid({ ratePerSecond: 1_000, threads: 1, thread: 0, startNs: 0 });
    clock.nowNs = (TIMEOUT_MS + 1_000.5) * MS;
    engine.sendDue(grid);
    expect(engine.report().phases[0]?.tally.notSent).toBe(1_001);
    expect(socket.sent.length).toBe(TIMEOUT_MS);
    const { histograms } = engine.report();
    const response = histograms.filter(({ clock: kind }) => kind === 'response');
    const values = response.map(({ encoded }) => decodeHistogram(encoded));
    expect(values.reduce((sum, { totalCount }) => sum + totalCount, 0)).toBe(1_001);
    for (const one of values) expect(one.getValueAtPercentile(1) / MS).toBeGreaterThan(0.99 * TIMEOUT_MS);
    expect(histograms.some(({ clock: kind }) => kind === 'service')).toBe(false);
  });

  test('a phase leaves the next one nothing to catch up with', () => {
    const { engine, clock, socket } = setUp(true);
    const grid = new Grid({ ratePerSecond: 100_000, threads: 1, thread: 0, startNs: 0 });
    clock.nowNs = 50 * MS;
    engine.settleDue(grid, clock.nowNs);
    const [{ tally }] = engine.report().phases as [PhaseReport];
    expect(tally.notSent).toBeGreaterThan(0);
    expect(socket.sent.length + (tally.notSent as number)).toBe(5_001);
    expect(grid.nextNs).toBeGreaterThan(clock.nowNs);
  });

  test('a phase that kept up gives nothing up', () => {
    const { engine, clock, socket } = setUp(true);
    const grid = new Grid({ ratePerSecond: 1_000, threads: 1, thread: 0, startNs: 0 });
    clock.nowNs = 9.5 * MS;
    engine.settleDue(grid, clock.nowNs);
    expect(socket.sent.length).toBe(10);
    expect(engine.report().phases[0]?.tally.notSent).toBe(0);
  });

  test('a large backlog is sent in turns, none of it skipped', () => {
    const { engine, clock, socket } = setUp(true);
    const grid = new Grid({ ratePerSecond: 100_000, threads: 1, thread: 0, startNs: 0 });
    clock.nowNs = 50 * MS;
    let turns = 1;
    while (engine.sendDue(grid)) turns++;
    expect(turns).toBeGreaterThan(1);
    expect(socket.sent.length).toBe(5_001);
  });
});

test('an interval counts since the one before', () => {
  const { engine, clock, last } = setUp();
  engine.startClient(0);
  clock.nowNs = 2 * MS;
  engine.receive(batchOf([replyTo(last())]));
  const first = engine.takeInterval();
  expect(first).toMatchObject({ sent: 2, succeeded: 1, timedOut: 0 });
  expect(first.latency?.counts).toEqual(Float64Array.of(1));
  expect(first.latency?.buckets.length).toBe(1);
  expect(engine.takeInterval()).toEqual({
    sent: 0,
    succeeded: 0,
    timedOut: 0,
    errorReplies: 0,
    malformedReplies: 0,
    sendFailed: 0,
    latency: null,
  });
});
