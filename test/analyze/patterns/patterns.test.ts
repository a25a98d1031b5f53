import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/analyze/finding.ts';
import { findPatterns } from '../../../src/analyze/patterns/find-patterns.ts';
import { flatThroughput } from '../../../src/analyze/patterns/flat-throughput.ts';
import { latencyOverTime } from '../../../src/analyze/patterns/latency-over-time.ts';
import { latencyWithConcurrency } from '../../../src/analyze/patterns/latency-with-concurrency.ts';
import { memoryRate } from '../../../src/analyze/patterns/memory-rate.ts';
import { patternIds } from '../../../src/analyze/patterns/pattern.ts';
import { tailGap } from '../../../src/analyze/patterns/tail-gap.ts';
import type { ScenarioFigures } from '../../../src/analyze/report/report-schema.ts';
import { eventLoopStall } from '../../../src/analyze/rules/event-loop-stall.ts';
import { goMutex } from '../drawn-profiles.ts';
import { type Noise, noiseOf } from '../noise.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const LEVELS = [0.01, 0.05, 0.15];
const SEEDS = [1, 2, 3, 4, 5, 6];

interface Row {
  readonly workers: number;
  readonly rate?: number;
  readonly p95Ms?: number;
  readonly cpu?: number | null;
  readonly memory?: number | null;
  readonly invalid?: boolean;
}

const figures = ({
  workers,
  rate = 20_000,
  p95Ms = workers / 20,
  cpu = 0.98,
  memory = 5e6,
  invalid = false,
}: Row): ScenarioFigures => ({
  runId: `run-${workers}`,
  scenario: 'custom',
  concurrency: workers,
  durationMs: 30_000,
  requestsPerSecond: rate,
  p95Ns: p95Ms * 1e6,
  cpuCapacityShare: cpu,
  memoryBytesPerMinute: memory,
  status: { tier: invalid ? null : 'Good', reason: '' },
  notScaling: invalid ? 'it is invalid' : null,
});

describe('latency that grows with the workers', () => {
  it.each(LEVELS)('is CPU-bound at stable memory and used-up CPU, at a noise of ±%f', (level) => {
    for (const seed of SEEDS) {
      const noise = noiseOf(level, seed);
      const runs = [10, 100, 1_000].map((workers) => figures({ workers, p95Ms: noise(workers / 20) }));
      expect(latencyWithConcurrency(runs, false).verdict).toBe('found');
      const flat = [10, 100, 1_000].map((workers) => figures({ workers, p95Ms: noise(2) }));
      expect(latencyWithConcurrency(flat, false).verdict).toBe('clear');
    }
  });

  it('is something else where CPU is left, or memory grows too', () => {
    const idle = latencyWithConcurrency(
      [figures({ workers: 10 }), figures({ workers: 100, cpu: 0.3 })],
      false,
    );
    expect(idle.verdict).toBe('clear');
    expect(idle.told).toContain('only 30.0 % of its CPU');
    const growing = latencyWithConcurrency(
      [figures({ workers: 10 }), figures({ workers: 100, memory: 400e6 })],
      false,
    );
    expect(growing.verdict).toBe('clear');
    expect(growing.told).toContain('memory grows as well');
  });

  it.each<[string, readonly Row[], boolean]>([
    ['one run', [{ workers: 10 }], false],
    ['runs of equal workers', [{ workers: 10 }, { workers: 10 }], false],
    ['a fixed rate', [{ workers: 10 }, { workers: 100 }], true],
    ['runs of which one is invalid', [{ workers: 10 }, { workers: 100, invalid: true }], false],
    ['a run without CPU', [{ workers: 10 }, { workers: 100, cpu: null }], false],
    ['a run without a trend of memory', [{ workers: 10 }, { workers: 100, memory: null }], false],
  ])('cannot be told of %s', (_, rows, isFixedRate) => {
    expect(latencyWithConcurrency(rows.map(figures), isFixedRate).verdict).toBe('insufficient-data');
  });

  it('does not depend on the order of the runs or the unit of time', () => {
    const runs = [10, 100, 1_000].map((workers) => figures({ workers }));
    const told = latencyWithConcurrency(runs, false).told;
    expect(latencyWithConcurrency([...runs].reverse(), false).told).toBe(told);
    const slower = runs.map((run) => ({ ...run, p95Ns: (run.p95Ns ?? 0) * 64 }));
    expect(latencyWithConcurrency(slower, false).told).toBe(told);
  });
});

describe('throughput that stands still', () => {
  it('is found where half of the CPU is left, and not where it is used up', () => {
    const runs = (cpu: number) => [10, 100].map((workers) => figures({ workers, cpu }));
    expect(flatThroughput(runs(0.3), false).verdict).toBe('found');
    expect(flatThroughput(runs(0.95), false).verdict).toBe('clear');
    expect(flatThroughput(runs(0.3).slice(1), false).verdict).toBe('insufficient-data');
    expect(flatThroughput(runs(0.3), true).verdict).toBe('insufficient-data');
  });

  it('leaves invalid runs out', () => {
    const runs = [figures({ workers: 10, cpu: 0.3 }), figures({ workers: 100, cpu: 0.3, invalid: true })];
    expect(flatThroughput(runs, false).verdict).toBe('insufficient-data');
  });
});

/** 90 of 100 replies fast, 5 as P95 has them, 5 in the tail. */
const tail = (p95Ms: number, p99Ms: number): readonly number[] => [
  ...Array.from({ length: 90 }, () => 0.5e6),
  ...Array.from({ length: 6 }, () => p95Ms * 1e6),
  ...Array.from({ length: 4 }, () => p99Ms * 1e6),
];
const found = (rule: Finding['rule']): Finding => ({
  rule,
  verdict: 'found',
  severity: 'warning',
  confidence: 'high',
  share: 0.3,
  subject: null,
  summary: '',
  evidence: [],
  advice: [],
});

describe('a P99 far above P95', () => {
  it('is stalls where the event loop stood still for a good part of it', () => {
    const evidence = syntheticEvidence({
      latenciesNs: tail(2, 90),
      runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 1e6 }),
    });
    const { verdict, told } = tailGap(evidence, [eventLoopStall(evidence)]);
    expect(verdict).toBe('found');
    expect(told).toContain('`event-loop-stall`');
    expect(told).not.toContain('`lock-contention`');
  });

  it('is contention where a lock was found and no stall', () => {
    const { told } = tailGap(syntheticEvidence({ latenciesNs: tail(2, 90) }), [found('lock-contention')]);
    expect(told).toContain('`lock-contention`');
    expect(told).not.toContain('`event-loop-stall`');
  });

  it('is waiting for a core where the run queue says so', () => {
    const evidence = syntheticEvidence({
      latenciesNs: tail(2, 90),
      process: (row) => ({ runQueueDelayMs: row.atMs * 0.3 }),
    });
    expect(tailGap(evidence, []).told).toContain('a core that others had');
  });

  it('is stalls by the delay of the loop alone, where they are too short for their own rule', () => {
    const evidence = syntheticEvidence({
      latenciesNs: tail(2, 30),
      runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 28e6 : 1e6 }),
    });
    expect(eventLoopStall(evidence).verdict).toBe('clear');
    const { told, evidence: lines } = tailGap(evidence, []);
    expect(told).toContain('because of stalls of the event loop');
    expect(told).not.toContain('wait for each other');
    const line = lines.find(({ metric }) => metric.startsWith('event-loop delays as long as half'));
    expect(line?.value).toBeGreaterThan(line?.threshold ?? Number.POSITIVE_INFINITY);
  });

  it('is contention by the time off the CPU alone, and a loop that waits is told from one that works', () => {
    const cpu = (waitMs: number) =>
      drawProfile(
        `
        ${`${waitMs}000000`.padEnd(28)}3000000000
        ${'10000000'.padEnd(28)}3000000000
        acquire@src/lock.ts:7       encodePeers@src/encode.ts:9
        `,
        {
          valueTypes: [
            { type: 'wall', unit: 'nanoseconds' },
            { type: 'cpu', unit: 'nanoseconds' },
          ],
        },
      );
    const stalled: SyntheticOptions = {
      latenciesNs: tail(2, 90),
      runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 80e6 : 1e6 }),
    };
    const waits = tailGap(syntheticEvidence({ ...stalled, profiles: { cpu: cpu(2000) } }), []);
    expect(waits.told).toContain('threads that wait for each other');
    expect(waits.told).toContain('waits and does not work');
    const works = tailGap(syntheticEvidence({ ...stalled, profiles: { cpu: cpu(20) } }), []);
    expect(works.told).toContain('because of stalls of the event loop');
    expect(works.told).not.toContain('wait for each other');
    const quiet = tailGap(syntheticEvidence({ latenciesNs: tail(2, 90), profiles: { cpu: cpu(2000) } }), []);
    expect(quiet.told).toContain('because of threads that wait for each other');
    expect(quiet.told).not.toContain('stalls of the event loop');
  });

  it('is contention of goroutines by the delays of their locks', () => {
    const evidence = syntheticEvidence({
      latenciesNs: tail(2, 90),
      target: { kind: 'command', runtime: 'go1.26.8' },
      profiles: { mutex: goMutex },
      without: ['runtime'],
    });
    expect(tailGap(evidence, []).told).toContain('because of threads that wait for each other');
  });

  it('says what of it was not measured where no cause shows', () => {
    const native = syntheticEvidence({
      latenciesNs: tail(2, 90),
      target: { kind: 'command', runtime: null },
      without: ['runtime'],
    });
    expect(tailGap(native, []).told).toContain('not measured: the time that its threads wait off the CPU');
  });

  it('has no known cause where nothing shows one', () => {
    expect(tailGap(syntheticEvidence({ latenciesNs: tail(2, 90) }), []).told).toContain('not known');
  });

  it('is no pattern where a queue makes as much, or where the tail is short all the same', () => {
    expect(tailGap(syntheticEvidence({ latenciesNs: tail(60, 90) }), []).verdict).toBe('clear');
    expect(tailGap(syntheticEvidence({ latenciesNs: tail(0.6, 4) }), []).verdict).toBe('clear');
  });

  it('cannot be told of a remote tracker, or without replies', () => {
    const remote = syntheticEvidence({ latenciesNs: tail(2, 90), target: { network: 'remote' } });
    expect(tailGap(remote, []).verdict).toBe('insufficient-data');
    expect(tailGap(syntheticEvidence({ phases: ['warm-up'] }), []).verdict).toBe('insufficient-data');
  });
});

describe('memory a minute', () => {
  const growing = (bytesPerMs: number, clean: SyntheticOptions['scenario'] = {}): SyntheticOptions => ({
    process: (row) => ({ rssBytes: 60e6 + row.atMs * bytesPerMs }),
    scenario: clean,
  });

  it('grows by requests where every peer had announced before, and by either where they still come', () => {
    expect(memoryRate(syntheticEvidence(growing(5_000)))).toMatchObject({ verdict: 'found' });
    expect(memoryRate(syntheticEvidence(growing(5_000))).told).toContain('grows by requests');
    const filling = memoryRate(syntheticEvidence(growing(5_000, { concurrency: 1_000_000 })));
    expect(filling.told).toContain('peers were still coming');
  });

  it('is clear below the limit, and cannot be told of a short phase', () => {
    expect(memoryRate(syntheticEvidence(growing(100))).verdict).toBe('clear');
    const short = syntheticEvidence({ clean: { startMs: 4_000, endMs: 6_000 } });
    expect(memoryRate(short).verdict).toBe('insufficient-data');
  });
});

describe('P95 over the test', () => {
  const rising = (perSecond: number, noise: Noise): SyntheticOptions => ({
    load: (_, index) => ({ latencyNsP95: noise(3e6 * (1 + perSecond * index)) }),
  });

  it.each(LEVELS)('is told from standing still at a noise of ±%f', (level) => {
    for (const seed of SEEDS) {
      expect(latencyOverTime(syntheticEvidence(rising(0.15, noiseOf(level, seed)))).verdict).toBe('found');
      expect(latencyOverTime(syntheticEvidence(rising(0, noiseOf(level, seed)))).verdict).toBe('clear');
    }
  });

  it('tells what grows beside it', () => {
    const options = rising(0.15, (value) => value);
    const queue = syntheticEvidence({
      ...options,
      process: (_, index) => ({ socketQueueBytes: index * 1_000 }),
    });
    expect(latencyOverTime(queue).told).toContain('the queue of its socket');
    const leak = syntheticEvidence({ ...options, process: (row) => ({ rssBytes: row.atMs * 5_000 }) });
    expect(latencyOverTime(leak).told).toContain('memory grows to the end');
  });
});

describe('all patterns', () => {
  it('stand in a fixed order and cannot be told without evidence', () => {
    const none = syntheticEvidence({
      phases: ['warm-up'],
      without: ['process', 'runtime', 'machine', 'load'],
    });
    const patterns = findPatterns(none, [], []);
    expect(patterns.map(({ id }) => id)).toEqual(patternIds);
    expect(new Set(patterns.map(({ verdict }) => verdict))).toEqual(new Set(['insufficient-data']));
  });

  it('of the run itself cannot be told where it is invalid', () => {
    const late = { cpuShare: 0.99, sendLagNsP50: 0, sendLagNsP99: 9e6, sendLagNsMax: 9e6 };
    const patterns = findPatterns(syntheticEvidence({ clean: { threads: [late] } }), [], []);
    expect(patterns.find(({ id }) => id === 'cpu-share')?.told).toContain('invalid');
  });
});
