import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { keepFigure } from '../../end-to-end/faults/figures.ts';
import { forkResponder, onlyPhase, start, totals } from './load-harness.ts';

const ratePerSecond = 1_000_000;

test.each([1, 2])(
  'a rate that no machine reaches starves neither replies nor messages (%i threads)',
  async (loadThreads) => {
    const { port } = await forkResponder();
    const load = await start(port, { ratePerSecond, loadThreads, timeoutMs: 1_000, durationMs: 3_000 });
    load.pool.beginPhase('clean');
    await delay(3_000);
    const askedMs = performance.now();
    const result = await load.pool.stop();
    // The last requests may take their whole time-out; a thread that is asked to stop is not busy with anything else.
    expect(performance.now() - askedMs).toBeLessThan(2_500);
    expect(result.lostThreads.count).toBe(0);
    expect(load.failures).toEqual([]);
    const phase = onlyPhase(result);
    const { sent, succeeded } = totals(phase);
    const { notSent = 0 } = phase;
    expect(notSent).toBeGreaterThan(0);
    // What was asked for is what was sent and what was not.
    const due = (ratePerSecond * (phase.endMs - phase.startMs)) / 1000;
    const row = 'a rate far above what the generator can send';
    keepFigure(row, 'sent and not sent, of what was due', ((sent + notSent) / due) * 100, '%');
    keepFigure(row, 'threads without a report', result.lostThreads.count, '');
    expect((sent + notSent) / due).toBeGreaterThan(0.9);
    expect((sent + notSent) / due).toBeLessThan(1.1);
    // Every second has its row, and in each replies were read.
    expect(load.rows.length).toBe(3);
    for (const row of load.rows) {
      expect(row.sent).toBeGreaterThan(0);
      expect(row.succeeded).toBeGreaterThan(0);
    }
    // A loop that only sends reads next to nothing.
    expect(phase.generatorSocketDrops ?? 0).toBeLessThan(sent / 4);
    expect(succeeded).toBeGreaterThan(0);
  },
  20_000,
);
