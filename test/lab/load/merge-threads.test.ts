import { describe, expect, test } from 'vitest';
import type { IntervalReport } from '../../../src/lab/load/interval-tally.ts';
import { LatencyCounts, type LatencyPairs } from '../../../src/lab/load/latency-counts.ts';
import {
  decodeHistogram,
  encodeHistogram,
  newHistogram,
  recordNs,
} from '../../../src/lab/load/latency-histogram.ts';
import { mergeIntervals } from '../../../src/lab/load/load-row.ts';
import { mergeThreads } from '../../../src/lab/load/merge-threads.ts';
import type { ThreadPhase, ThreadReport } from '../../../src/lab/load/thread-messages.ts';
import { type OperationCounts, phaseLoadSchema } from '../../../src/run.ts';

const counts: OperationCounts = {
  sent: 21,
  succeeded: 1,
  timedOut: 2,
  errorReplies: 3,
  malformedReplies: 4,
  sendFailed: 5,
  unresolved: 6,
};

function encodedOf(...valuesNs: number[]): string {
  const histogram = newHistogram();
  for (const valueNs of valuesNs) recordNs(histogram, valueNs);
  return encodeHistogram(histogram);
}

function threadPhase(
  changes: Partial<ThreadPhase> = {},
  errorTexts: Record<string, number> = {},
): ThreadPhase {
  return {
    phase: 'clean',
    cpuShare: 0.5,
    socketDrops: 2,
    tally: {
      operations: { connect: counts, announce: counts, scrape: counts },
      strayReplies: { late: 1, duplicate: 2, unknown: 3, malformed: 4 },
      errorTexts,
      peersReceived: 10,
      retries: 2,
      notSent: null,
      sentBytes: 100,
      receivedBytes: 200,
      sendLag: { nsP50: 1, nsP99: 2, nsMax: 3 },
    },
    ...changes,
  };
}

function reportOf(phase: ThreadPhase, encoded = encodedOf(1_000)): ThreadReport {
  return {
    phases: [phase],
    histograms: [{ phase: 'clean', operation: 'announce', clock: 'service', encoded }],
    latencySlices: [[7, [3, 2, 5, 1]]],
  };
}

const span = { phase: 'clean', startMs: 10, endMs: 20 } as const;

describe('threads add up', () => {
  test('with their latencies by slices of time, slice by slice', () => {
    const other = {
      ...reportOf(threadPhase()),
      latencySlices: [
        [7, [3, 1]],
        [8, [4, 4]],
      ] as const,
    };
    const { latencySlices } = mergeThreads([reportOf(threadPhase()), other], [span]);
    expect(JSON.parse(latencySlices as string)).toEqual({
      sliceMs: 100,
      slices: [
        [7, [3, 3, 5, 1]],
        [8, [4, 4]],
      ],
    });
    expect(mergeThreads([], [span]).latencySlices).toBeNull();
  });

  test('what an open loop never sent too; in closed loop there is no such count', () => {
    const openLoop = (notSent: number): ThreadReport => {
      const phase = threadPhase();
      return reportOf({ ...phase, tally: { ...phase.tally, notSent } });
    };
    expect(mergeThreads([openLoop(3), openLoop(4)], [span]).phases[0]?.notSent).toBe(7);
    expect(mergeThreads([reportOf(threadPhase())], [span]).phases[0]).not.toHaveProperty('notSent');
  });

  test('to one entry a phase, in the form of a run', () => {
    const { phases } = mergeThreads([reportOf(threadPhase()), reportOf(threadPhase())], [span]);
    expect(phases.length).toBe(1);
    const [phase] = phases;
    expect(phaseLoadSchema.parse(phase)).toEqual(phase);
    expect(phase).toMatchObject({
      ...span,
      peersReceived: 20,
      retries: 4,
      sentBytes: 200,
      receivedBytes: 400,
      strayReplies: { late: 2, duplicate: 4, unknown: 6, malformed: 8 },
      generatorSocketDrops: 4,
    });
    for (const field of Object.keys(counts) as (keyof OperationCounts)[]) {
      expect(phase?.operations.scrape[field]).toBe(2 * counts[field]);
    }
    expect(phase?.threads).toEqual([
      { cpuShare: 0.5, sendLagNsP50: 1, sendLagNsP99: 2, sendLagNsMax: 3 },
      { cpuShare: 0.5, sendLagNsP50: 1, sendLagNsP99: 2, sendLagNsMax: 3 },
    ]);
  });

  test('to unknown drops where one thread does not know its own', () => {
    const reports = [reportOf(threadPhase()), reportOf(threadPhase({ socketDrops: null }))];
    expect(mergeThreads(reports, [span]).phases[0]?.generatorSocketDrops).toBeNull();
  });

  test('to an empty phase with unknown drops where no thread reported', () => {
    const [phase] = mergeThreads([], [span]).phases;
    expect(phase).toMatchObject({ threads: [], generatorSocketDrops: null, peersReceived: 0 });
    expect(phase?.operations.connect.sent).toBe(0);
  });

  test('with the most frequent error texts first and at most 20 of them', () => {
    const texts = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`text ${index}`, index + 1]));
    const others = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`more ${index}`, 100]));
    const merged = mergeThreads(
      [reportOf(threadPhase({}, { ...texts, other: 7 })), reportOf(threadPhase({}, others))],
      [span],
    );
    const errorTexts = merged.phases[0]?.errorTexts as Record<string, number>;
    expect(Object.keys(errorTexts).length).toBe(21);
    expect(errorTexts['more 4']).toBe(100);
    expect(errorTexts['text 19']).toBe(20);
    expect(errorTexts['other']).toBe(7 + 1 + 2 + 3 + 4 + 5);
  });

  test('with their histograms merged by phase, operation and clock', () => {
    const { histograms } = mergeThreads(
      [reportOf(threadPhase(), encodedOf(1_000, 2_000)), reportOf(threadPhase(), encodedOf(5e9))],
      [span],
    );
    expect(histograms.length).toBe(1);
    const sum = decodeHistogram(histograms[0]?.encoded as string);
    expect(sum.totalCount).toBe(3);
    expect(sum.getValueAtPercentile(100) / 5e9).toBeCloseTo(1, 2);
  });
});

function pairsOf(...valuesNs: number[]): LatencyPairs | null {
  const counts = new LatencyCounts();
  for (const valueNs of valuesNs) counts.record(valueNs, 1);
  return counts.toPairs();
}

describe('a row of the timeline', () => {
  const interval: IntervalReport = {
    sent: 5,
    succeeded: 4,
    timedOut: 1,
    errorReplies: 2,
    malformedReplies: 3,
    sendFailed: 6,
    latency: pairsOf(1_000),
  };

  test('adds the threads up', () => {
    const row = mergeIntervals(span, [interval, { ...interval, latency: pairsOf(3_000_000) }]);
    expect(row).toMatchObject({
      kind: 'load',
      atMs: 20,
      spanMs: 10,
      phase: 'clean',
      sent: 10,
      succeeded: 8,
      timedOut: 2,
      errorReplies: 4,
      malformedReplies: 6,
      sendFailed: 12,
      latencyNsP50: 1_000,
    });
    expect((row.latencyNsP99 as number) / 3_000_000).toBeCloseTo(1, 2);
  });

  test('has no percentiles where there was no reply', () => {
    const row = mergeIntervals(span, [{ ...interval, latency: null }]);
    expect([row.latencyNsP50, row.latencyNsP95, row.latencyNsP99, row.latencyNsMax]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
