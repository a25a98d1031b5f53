import { describe, expect, it } from 'vitest';
import { maxLatencyWhen } from '../../src/analyze/max-latency.ts';
import { type SyntheticOptions, syntheticEvidence } from './synthetic-run.ts';

/** The slowest reply, 60 ms, in the fifth second of the clean phase: 8 to 9 s of the run. */
const slowFifth: SyntheticOptions = {
  load: (row, index) => ({ latencyNsMax: row.phase === 'clean' && index === 4 ? 60e6 : 4e6 }),
};
const isThen = (atMs: number): boolean => atMs === 8_500;
const stalled: SyntheticOptions = {
  ...slowFifth,
  runtime: (row) => (isThen(row.atMs) ? { eventLoopDelayNsMax: 55e6 } : {}),
};

describe('the slowest reply', () => {
  it('is dated, and said to be of a stall of the event loop', () => {
    expect(maxLatencyWhen(syntheticEvidence(stalled))).toBe(
      'It came in second 5 of 12; the tracker’s event loop stood still for 55.0 ms then.',
    );
  });

  it('is said to be of a collection where one fills the stall', () => {
    const evidence = syntheticEvidence({
      ...slowFifth,
      runtime: (row) => ({
        ...(isThen(row.atMs) ? { eventLoopDelayNsMax: 55e6 } : {}),
        gc: { ...row.gc, major: { count: 1, ms: row.atMs >= 8_500 ? 48 : 0 } },
      }),
    });
    expect(maxLatencyWhen(evidence)).toMatch(/55\.0 ms then, with (48|50)\.0 ms of garbage collection/);
  });

  it('is said to be of waiting for a core where its threads did', () => {
    const process: SyntheticOptions['process'] = (row) => ({ runQueueDelayMs: row.atMs >= 8_500 ? 50 : 0 });
    expect(maxLatencyWhen(syntheticEvidence({ ...stalled, process }))).toContain(
      'its threads waited 50.0 ms for a core',
    );
  });

  it('has no cause where nothing was seen then', () => {
    expect(maxLatencyWhen(syntheticEvidence(slowFifth))).toContain(
      'stood still for no more than 5.0 ms then',
    );
    expect(maxLatencyWhen(syntheticEvidence({ ...slowFifth, without: ['runtime'] }))).toContain(
      'no event loop was sampled',
    );
    expect(
      maxLatencyWhen(syntheticEvidence({ ...slowFifth, runtime: () => ({ eventLoopDelayNsMax: 55e6 }) })),
    ).toContain('as in other seconds');
  });

  it('is not dated where nothing was answered', () => {
    expect(maxLatencyWhen(syntheticEvidence({ load: () => ({ latencyNsMax: null }) }))).toBeNull();
  });
});
