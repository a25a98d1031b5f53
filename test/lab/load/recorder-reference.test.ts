/** What the load engine counts and times, against a plain list of requests that knows no histogram, ring or grid. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addHistograms } from '../../../src/lab/load/latency-histogram.ts';
import type { PhaseReport } from '../../../src/lab/load/load-engine.ts';
import { Grid } from '../../../src/lab/load/pacer.ts';
import { batchOf, MS, replyTo, setUp, TIMEOUT_MS } from './engine-harness.ts';

const STEP_MS = 2;

/** Of a request: after how many ticks its replies come. None: it is lost. */
const fate = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.nat(3), { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(fc.nat(8), { minLength: 2, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant([] as number[]) },
);
/** How long a tick takes, in milliseconds: at times the tracker, or the generator, stands still. */
const tick = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 3 * TIMEOUT_MS }) },
);

interface Request {
  readonly dueMs: number;
  readonly sentMs: number;
  state: 'pending' | 'answered' | 'timedOut';
}

/** By the words of the report, in the plainest way. */
class Reference {
  readonly requests: Request[] = [];
  readonly counts = { sent: 0, succeeded: 0, timedOut: 0, notSent: 0, late: 0, duplicate: 0 };
  readonly serviceMs: number[] = [];
  readonly responseMs: number[] = [];
  #points = 0;

  expire(nowMs: number): void {
    for (const request of this.requests) {
      if (request.state === 'pending' && request.sentMs <= nowMs - TIMEOUT_MS) {
        this.#end(request, 'timedOut', nowMs);
        this.counts.timedOut++;
      }
    }
  }

  reply(index: number, nowMs: number): void {
    const request = this.requests[index] as Request;
    if (request.state === 'timedOut') this.counts.late++;
    else if (request.state === 'answered') this.counts.duplicate++;
    else {
      this.#end(request, 'answered', nowMs);
      this.counts.succeeded++;
    }
  }

  send(nowMs: number): void {
    for (; this.#points * STEP_MS <= nowMs; this.#points++) {
      const dueMs = this.#points * STEP_MS;
      if (dueMs <= nowMs - TIMEOUT_MS) {
        this.counts.notSent++;
        this.responseMs.push(TIMEOUT_MS);
      } else {
        this.counts.sent++;
        this.requests.push({ dueMs, sentMs: nowMs, state: 'pending' });
      }
    }
  }

  #end(request: Request, state: Request['state'], nowMs: number): void {
    request.state = state;
    this.serviceMs.push(nowMs - request.sentMs);
    this.responseMs.push(nowMs - request.dueMs);
  }
}

/** Every rank of a histogram against the value that has it, to a thousandth. */
function expectRanks(encoded: readonly string[], valuesMs: readonly number[]): void {
  const histogram = addHistograms(encoded);
  expect(histogram.totalCount).toBe(valuesMs.length);
  const sorted = [...valuesMs].sort((a, b) => a - b);
  for (const [index, ms] of sorted.entries()) {
    const found = histogram.getValueAtPercentile((100 * (index + 1)) / sorted.length) / MS;
    expect(Math.abs(found - ms)).toBeLessThanOrEqual(ms / 1000);
  }
}

test('open loop: every request has one outcome and its time, whatever is late, lost, doubled or never sent', () => {
  fc.assert(
    fc.property(
      fc.array(tick, { minLength: 1, maxLength: 40 }),
      fc.array(fate, { minLength: 1, maxLength: 17 }),
      (ticks, fates) => {
        const { engine, clock, socket, total } = setUp(true);
        const grid = new Grid({ ratePerSecond: 1000 / STEP_MS, threads: 1, thread: 0, startNs: 0 });
        const reference = new Reference();
        const arrivals = new Map<number, number[]>();
        let nowMs = 0;
        for (const [at, lengthMs] of ticks.entries()) {
          nowMs += lengthMs;
          clock.nowNs = nowMs * MS;
          const coming = arrivals.get(at) ?? [];
          if (coming.length > 0) {
            engine.receive(batchOf(coming.map((index) => replyTo(socket.sent[index] as Buffer))));
            reference.expire(nowMs);
            for (const index of coming) reference.reply(index, nowMs);
          }
          engine.expire();
          reference.expire(nowMs);
          const before = socket.sent.length;
          while (engine.sendDue(grid));
          reference.send(nowMs);
          for (let index = before; index < socket.sent.length; index++) {
            for (const delay of fates[index % fates.length] as number[]) {
              const when = at + 1 + delay;
              arrivals.set(when, [...(arrivals.get(when) ?? []), index]);
            }
          }
        }
        const { phases, histograms } = engine.report();
        const [{ tally }] = phases as [PhaseReport];
        expect({
          sent: total('sent'),
          succeeded: total('succeeded'),
          timedOut: total('timedOut'),
          notSent: tally.notSent,
          late: tally.strayReplies.late,
          duplicate: tally.strayReplies.duplicate,
        }).toEqual(reference.counts);
        const of = (wanted: string) =>
          histograms.filter(({ clock: kind }) => kind === wanted).map(({ encoded }) => encoded);
        expectRanks(of('service'), reference.serviceMs);
        expectRanks(of('response'), reference.responseMs);
      },
    ),
    { seed: 7, numRuns: 40 },
  );
});
