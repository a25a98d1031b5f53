/** Slices as agents run them, without Redis: together they are the load of one generator. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type LoadPlan,
  type ProgressMessage,
  sliceResultSchema,
} from '../../../src/lab/agents/agent-messages.ts';
import { monotonicUs } from '../../../src/lab/agents/redis-clock.ts';
import { SliceRun } from '../../../src/lab/agents/slice-run.ts';
import { addHistograms } from '../../../src/lab/load/latency-histogram.ts';
import { mergeThreads } from '../../../src/lab/load/merge-threads.ts';
import { respond, scenario, totals } from '../load/load-harness.ts';
import { validReply } from '../load/scripted-responder.ts';

/** The agents' clock is this far from that of "Redis". */
const OFFSET_US = 5e9;
const clock = { offsetUs: OFFSET_US, wallOffsetUs: 0, uncertaintyUs: 10 };

async function start(port: number, threads: readonly number[], changes: Partial<LoadPlan['scenario']> = {}) {
  const told: ProgressMessage[] = [];
  const run = await SliceRun.start({
    plan: {
      scenario: { ...scenario, loadThreads: 3, ...changes },
      threads: {},
      infoHashes: null,
      target: { host: '127.0.0.1', port },
      otherTargets: [],
      labClockOffsetUs: OFFSET_US,
      labMachine: '',
    },
    threads,
    clock,
    tell: (message) => told.push(message),
  });
  return { run, told };
}

const inMs = (ms: number): number => monotonicUs() + OFFSET_US + ms * 1000;

describe('slices of one scenario', () => {
  it('add up to exactly what the tracker received, as figures, rows and histograms', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const slices = await Promise.all([start(responder.port, [0]), start(responder.port, [1, 2])]);
    const beginUs = inMs(100);
    for (const { run } of slices) {
      run.take({ type: 'phase', phase: 'clean', atUs: beginUs });
      run.take({ type: 'stop', atUs: beginUs + 400_000 });
    }
    const results = await Promise.all(slices.map(({ run }) => run.result));
    // As they travel, and as they are checked.
    const travelled = results.map((result) => sliceResultSchema.parse(JSON.parse(JSON.stringify(result))));
    expect(travelled).toEqual(results);
    const merged = mergeThreads(
      travelled.flatMap(({ reports }) => reports),
      [{ phase: 'clean', startMs: 0, endMs: 400 }],
    );
    const phase = merged.phases[0] as (typeof merged.phases)[number];
    expect(totals(phase).sent).toBe(responder.requests);
    expect(totals(phase).succeeded).toBe(responder.requests);
    expect(phase.threads.length).toBe(3);
    expect(addHistograms(merged.histograms.map(({ encoded }) => encoded)).totalCount).toBe(
      responder.requests,
    );
    const rows = slices.flatMap(({ told }) => told.filter((message) => message.type === 'row'));
    const inRows = rows.flatMap(({ intervals }) => intervals).reduce((sum, { sent }) => sum + sent, 0);
    expect(inRows).toBe(responder.requests);
    // Rows are stamped by the clock of Redis.
    for (const { startMs } of rows) expect(Math.abs(startMs - beginUs / 1000)).toBeLessThan(300);
  });

  it('begin at the instant that they are told, and say how late they were', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const { run, told } = await start(responder.port, [0]);
    const beginUs = inMs(150);
    run.take({ type: 'phase', phase: 'clean', atUs: beginUs });
    await delay(50);
    expect(responder.requests).toBe(0);
    await expect.poll(() => told.find(({ type }) => type === 'began')).toBeDefined();
    const began = told.find((message) => message.type === 'began');
    expect(began?.skewUs).toBeGreaterThanOrEqual(0);
    expect(began?.skewUs).toBeLessThan(monotonicUs() + OFFSET_US - beginUs);
    run.take({ type: 'abort', agent: null });
    expect((await run.result).reports.length).toBe(1);
  });

  it('that are cancelled send nothing more and have no result', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const { run } = await start(responder.port, [0]);
    run.take({ type: 'phase', phase: 'clean', atUs: inMs(0) });
    await expect.poll(() => responder.requests).toBeGreaterThan(0);
    run.cancel(new Error('the lab is gone'));
    await expect(run.result).rejects.toThrow('the lab is gone');
    const { requests } = responder;
    await delay(100);
    expect(responder.requests).toBe(requests);
  });

  it('count slices of time by the clock of the lab, where that is another machine', async () => {
    const responder = await respond(({ bytes }) => [validReply(bytes)]);
    const { run } = await start(responder.port, [0]);
    const from = Math.floor(monotonicUs() / 1e5);
    run.take({ type: 'phase', phase: 'profiled', atUs: inMs(0) });
    run.take({ type: 'stop', atUs: inMs(250) });
    const [report] = (await run.result).reports;
    // Both clocks are as far from that of Redis: the slices are those of this one.
    const numbers = report?.latencySlices.map(([slice]) => slice) ?? [];
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(from);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(Math.floor(monotonicUs() / 1e5));
  });
});
