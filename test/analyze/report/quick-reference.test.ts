import { describe, expect, it } from 'vitest';
import { littlesLaw } from '../../../src/analyze/littles-law.ts';
import { memoryTrend } from '../../../src/analyze/memory-series.ts';
import { phaseFigures } from '../../../src/analyze/phase-figures.ts';
import { scenarioFigures } from '../../../src/analyze/report/comparison.ts';
import {
  assessDeployments,
  assessOptimization,
  assessWorries,
  type QuickReferenceInput,
} from '../../../src/analyze/report/quick-reference.ts';
import { usedCapacity } from '../../../src/analyze/used-capacity.ts';
import { halfBusy, type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

function input(options: SyntheticOptions = {}, over: Partial<QuickReferenceInput> = {}): QuickReferenceInput {
  const evidence = syntheticEvidence(options);
  return {
    evidence,
    clean: phaseFigures(evidence, 'clean'),
    invalid: null,
    cpuCapacityShare: usedCapacity(evidence),
    trend: memoryTrend(evidence),
    law: littlesLaw(evidence),
    runs: [scenarioFigures(evidence)],
    earlier: [],
    ...over,
  };
}

const answers = (assessments: readonly { readonly answer: string }[]): string[] =>
  assessments.map((one) => one.answer);

describe('fast enough', () => {
  it('is a busy tracker for the sizes whose rate and latency it has', () => {
    expect(answers(assessDeployments(input()))).toEqual(['yes', 'yes', 'no']);
  });

  it('is told from its own load only: a tracker with CPU left was not asked for more', () => {
    const idle = input({ process: (row) => ({ cpuUserMs: row.atMs * 0.1, cpuSystemMs: row.atMs * 0.1 }) });
    const assessed = assessDeployments(idle);
    expect(answers(assessed)).toEqual(['yes', 'yes', 'unknown']);
    expect(assessed[2]?.observed).toContain('offer more load');
  });

  it('says where the latency is but the queue of the load', () => {
    const slow = input({ latenciesNs: [60e6], scenario: { concurrency: 732 } });
    const assessed = assessDeployments(slow);
    expect(answers(assessed)).toEqual(['no', 'no', 'no']);
    expect(assessed[1]?.observed).toContain('the queue of 732 workers');
    expect(assessed[1]?.observed).toContain(
      'P95 60.0 ms is not below 20 ms, while 12,200.00 req/s are enough',
    );
    expect(assessed[2]?.observed).not.toContain('queue');
  });

  it('sees no queue in front of a tracker that has CPU left', () => {
    const slow = input({ latenciesNs: [60e6], scenario: { concurrency: 732 }, process: halfBusy });
    expect(slow.law).toMatchObject({ explains: true, isQueue: false });
    expect(assessDeployments(slow)[1]?.observed).not.toContain('queue');
  });

  it('sends a load far above a deployment to the lighter scenarios', () => {
    const assessed = assessDeployments(input({ latenciesNs: [12e6], scenario: { concurrency: 1_000 } }));
    expect(answers(assessed)).toEqual(['no', 'yes', 'no']);
    expect(assessed[0]?.observed).toMatch(
      /^under this load: P95 12\.0 ms.*run light or medium for this size$/,
    );
    expect(assessed[2]?.observed).not.toContain('for this size');
  });

  it('cannot be told from a fixed rate that does not pass the limit', () => {
    const assessed = assessDeployments(input({ scenario: { ratePerSecond: 12_200 } }));
    expect(answers(assessed)).toEqual(['yes', 'yes', 'unknown']);
    expect(assessed[2]?.observed).toContain('a fixed rate of 12,200.00 req/s was offered');
  });

  it('names another scenario of the suite that met it', () => {
    const light = { ...scenarioFigures(syntheticEvidence()), runId: 'other', scenario: 'light' as const };
    const slow = input({ latenciesNs: [60e6] }, { runs: [light] });
    expect(assessDeployments(slow)[1]?.observed).toContain('met under the light load');
  });

  it('cannot be told of an invalid run or one without replies', () => {
    expect(answers(assessDeployments(input({}, { invalid: 'the load generator was the limit' })))).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
    expect(answers(assessDeployments(input({ phases: ['warm-up'] })))).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
  });
});

describe('when to worry', () => {
  it('holds nowhere for a healthy run by itself, and leaves the plateau open', () => {
    expect(answers(assessWorries(input()))).toEqual(['no', 'no', 'unknown', 'no']);
  });

  it('holds past 1 % errors', () => {
    expect(answers(assessWorries(input({ announce: { timedOut: 1_464 } })))[0]).toBe('no');
    expect(answers(assessWorries(input({ announce: { timedOut: 1_465 } })))[0]).toBe('yes');
  });

  it('holds where P95 rises while the test goes on', () => {
    const rising = input({ load: (_, index) => ({ latencyNsP95: 1e6 + index * 0.2e6 }) });
    expect(assessWorries(rising)[1]).toMatchObject({ answer: 'yes' });
    const short = input({ load: () => ({ latencyNsP95: null }) });
    expect(assessWorries(short)[1]?.answer).toBe('unknown');
  });

  it('holds where the rate stands still with half of the CPU left', () => {
    const figures = scenarioFigures(syntheticEvidence());
    const step = (concurrency: number, cpuCapacityShare: number | null) => ({
      ...figures,
      concurrency,
      cpuCapacityShare,
    });
    const worry = (cpu: number | null) =>
      assessWorries(input({}, { runs: [step(10, 0.2), step(100, cpu)] }))[2]?.answer;
    expect(worry(0.3)).toBe('yes');
    expect(worry(0.6)).toBe('no');
    expect(worry(null)).toBe('unknown');
  });

  it('holds where memory grows past 100 MB a minute', () => {
    const growing = input({ process: (row) => ({ rssBytes: 60e6 + row.atMs * 2_000 }) });
    expect(assessWorries(growing)[3]).toMatchObject({
      answer: 'yes',
      observed: '120 MB/min in the clean phase',
    });
  });
});

describe('when to optimise', () => {
  it('calls no latency noticed by users that is the queue of a closed loop at the limit', () => {
    const noticed = (options: SyntheticOptions) =>
      assessOptimization(input(options)).find(({ name }) => name === 'users notice');
    const queue: SyntheticOptions = { latenciesNs: [120e6], scenario: { concurrency: 1_464 } };
    expect(noticed(queue)?.answer).toBe('unknown');
    expect(noticed(queue)?.observed).toContain(
      "the queue of 1,464 closed-loop workers at the tracker's limit",
    );
    expect(noticed({ ...queue, process: halfBusy })?.answer).toBe('yes');
    expect(noticed({ ...queue, scenario: { concurrency: 1_464, ratePerSecond: 12_200 } })?.answer).toBe(
      'yes',
    );
    expect(noticed({})?.answer).toBe('no');
  });

  it('holds at half of the capacity, and says for which load the run speaks', () => {
    const assessed = assessOptimization(input());
    expect(answers(assessed)).toEqual(['yes', 'no', 'note', 'note']);
    expect(assessed[2]?.observed).toContain('6,100.00 req/s');
  });

  it('holds where a local P95 is past 100 ms', () => {
    expect(answers(assessOptimization(input({ latenciesNs: [200e6] })))[1]).toBe('yes');
    const remote = input({ latenciesNs: [200e6], target: { network: 'remote' } });
    expect(answers(assessOptimization(remote))[1]).toBe('unknown');
  });
});
