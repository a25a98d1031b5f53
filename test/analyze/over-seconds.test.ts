import { describe, expect, it } from 'vitest';
import { overSeconds, withinNoise } from '../../src/analyze/over-seconds.ts';
import { syntheticEvidence } from './synthetic-run.ts';

describe('a phase second by second', () => {
  it('has the least, the middle and the most of its whole seconds', () => {
    const evidence = syntheticEvidence({
      load: (row, index) => ({
        succeeded: 1000 + index,
        latencyNsP95: index === 0 ? null : index * 1e6,
        spanMs: row.phase === 'clean' && index === 11 ? 100 : 1000,
      }),
    });
    expect(overSeconds(evidence, 'clean')).toEqual({
      seconds: 11,
      requestsPerSecond: { min: 1000, median: 1005, max: 1010 },
      latencyNsP95: { min: 1e6, median: 5.5e6, max: 10e6 },
    });
  });

  it('is nothing with fewer than two seconds, and has no P95 where nothing was answered', () => {
    expect(overSeconds(syntheticEvidence({ without: ['load'] }), 'clean')).toBeNull();
    expect(overSeconds(syntheticEvidence({ load: () => ({ latencyNsP95: null }) }), 'clean')).toMatchObject({
      latencyNsP95: null,
    });
  });
});

describe('the difference between two phases', () => {
  const wobble = (index: number): number => [0, 40, -40, 20, -20, 30][index % 6] as number;

  it('is noise where the middle halves of the seconds overlap', () => {
    const evidence = syntheticEvidence({
      load: (row, index) => ({ succeeded: 12_200 + wobble(index) + (row.phase === 'clean' ? 0 : 15) }),
    });
    expect(withinNoise(evidence)).toMatchObject({ requestsPerSecond: true, cpuPerRequest: true });
  });

  it('is a cost where they do not', () => {
    const evidence = syntheticEvidence({
      load: (row, index) => ({
        succeeded: 12_200 + wobble(index) - (row.phase === 'profiled' ? 1000 : 0),
        latencyNsP95: row.phase === 'profiled' ? 5e6 : 3e6,
      }),
    });
    expect(withinNoise(evidence)).toEqual({
      requestsPerSecond: false,
      cpuPerRequest: false,
      latencyNsP95: false,
    });
  });

  it('cannot be told with fewer than four seconds, nor without samples of the process', () => {
    expect(withinNoise(syntheticEvidence({ phases: ['warm-up', 'clean'] })).requestsPerSecond).toBeNull();
    expect(withinNoise(syntheticEvidence({ without: ['process'] })).cpuPerRequest).toBeNull();
  });
});
