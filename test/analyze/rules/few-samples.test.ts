import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { cpuHotFunction } from '../../../src/analyze/rules/cpu-hot-function.ts';
import { eventLoopStall } from '../../../src/analyze/rules/event-loop-stall.ts';
import { externalWait } from '../../../src/analyze/rules/external-wait.ts';
import { gcPressure } from '../../../src/analyze/rules/gc-pressure.ts';
import { lockContention } from '../../../src/analyze/rules/lock-contention.ts';
import { logging } from '../../../src/analyze/rules/logging.ts';
import { receiveDrops } from '../../../src/analyze/rules/receive-drops.ts';
import { syscallBound } from '../../../src/analyze/rules/syscall-bound.ts';
import { LEAST_PROFILE_SAMPLES } from '../../../src/analyze/thresholds.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { syntheticEvidence } from '../synthetic-run.ts';

const counted = {
  valueTypes: [
    { type: 'sample', unit: 'count' },
    { type: 'cpu', unit: 'nanoseconds' },
  ],
};

/** So many samples, each of 1 ms, spread over twenty functions; one more in a function with the given stack. */
function sampled(samples: number, ...frames: readonly string[]): Profile {
  const width = 60;
  const names = Array.from({ length: 20 }, (_, index) => `other${index}@src/other.ts:${index + 1}`);
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padEnd(width))
      .join('')
      .trimEnd();
  const each = Math.floor(samples / 21);
  const counts = [samples - 20 * each, ...names.map(() => each)].map(String);
  const depth = Math.max(1, frames.length);
  const rows = Array.from({ length: depth }, (_, level) =>
    row([frames[level] ?? '', ...(level === 0 ? names : [])]),
  );
  return drawProfile(
    [row(counts), row(counts.map((count) => `${count}000000`)), ...rows].join('\n'),
    counted,
  );
}

const hot = ['hot@src/hot.ts:1'];
const rules = [
  { rule: 'cpu-hot-function', judge: cpuHotFunction, options: {} },
  { rule: 'logging', judge: logging, options: {} },
  { rule: 'gc-pressure', judge: gcPressure, options: { without: ['runtime'] as const } },
  { rule: 'syscall-bound', judge: syscallBound, options: { without: ['process'] as const } },
  { rule: 'lock-contention of one thread', judge: lockContention, options: {} },
  {
    rule: 'lock-contention of a native program out of CPU',
    judge: lockContention,
    options: { target: { kind: 'command', runtime: null } as const, process: () => ({ threads: 4 }) },
  },
];

describe.each(rules)('$rule', ({ judge, options }) => {
  it('is clear by enough samples, and cannot be told by fewer', () => {
    const of = (samples: number) =>
      judge(syntheticEvidence({ ...options, profiles: { cpu: sampled(samples, ...hot) } }));
    expect(of(20 * LEAST_PROFILE_SAMPLES).verdict).toBe('clear');
    const few = of(LEAST_PROFILE_SAMPLES - 1);
    expect(few).toMatchObject({ verdict: 'insufficient-data', subject: null, advice: [] });
    expect(few.summary).toContain(`${LEAST_PROFILE_SAMPLES - 1} samples`);
  });
});

describe('a fault in too few samples', () => {
  const ten = (...frames: string[]): Profile =>
    drawProfile(['10', '10000000', ...frames].map((line) => line).join('\n'), counted);

  it.each([
    [cpuHotFunction, ten('hot@src/hot.ts:1')],
    [logging, ten('note@src/n.ts:1', 'log@node:internal/console/constructor:380')],
    [lockContention, ten('take@src/n.ts:1', 'Atomics.wait')],
  ])('is not told: %o', (judge, cpu) => {
    expect(judge(syntheticEvidence({ profiles: { cpu } })).verdict).toBe('insufficient-data');
  });

  it('names nobody for drops or stalls', () => {
    const cpu = drawProfile(
      ['10', '10000000', 'listOnTimeout@node:internal/timers:500', 'sweep@src/sweep.ts:3'].join('\n'),
      counted,
    );
    const stalled = eventLoopStall(
      syntheticEvidence({
        profiles: { cpu },
        runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 1e6 }),
      }),
    );
    expect(stalled).toMatchObject({ verdict: 'found', subject: null });
    const dropping = receiveDrops(
      syntheticEvidence({
        profiles: { cpu },
        process: (_, index) => ({ socketDrops: index * 100 }),
        announce: { timedOut: 10_000 },
      }),
    );
    expect(dropping).toMatchObject({ verdict: 'found', subject: null });
    expect(dropping.summary).toContain('too few samples');
  });
});

describe('few of other evidence', () => {
  it('is not enough to clear an event loop that was seen for the smaller part of the phase', () => {
    const until = (atMs: number) => {
      const evidence = syntheticEvidence();
      const timeline = evidence.timeline.filter((row) => row.kind !== 'runtime' || row.atMs < atMs);
      return eventLoopStall({ ...evidence, timeline }).verdict;
    };
    expect(until(9_000)).toBe('insufficient-data');
    expect(until(15_000)).toBe('clear');
  });

  it('is not enough to tell a wait by fewer replies than tell the CPU time of one', () => {
    const few = (replies: number) => {
      const evidence = syntheticEvidence({ latenciesNs: [20e6] });
      const latency: typeof evidence.latency = (...asked) => {
        const summary = evidence.latency(...asked);
        return summary === null ? null : { ...summary, count: replies };
      };
      return externalWait({ ...evidence, latency });
    };
    expect(few(99).verdict).toBe('insufficient-data');
    expect(few(100).verdict).not.toBe('insufficient-data');
  });
});
