import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { halfBusy, type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const found = (options: SyntheticOptions) =>
  judge(syntheticEvidence(options)).filter(({ verdict }) => verdict === 'found');
const told = (options: SyntheticOptions): string[] =>
  found(options).map(({ rule, subject }) => `${rule} ${subject?.function ?? '-'}`);

const bothClocks = {
  valueTypes: [
    { type: 'wall', unit: 'nanoseconds' },
    { type: 'cpu', unit: 'nanoseconds' },
  ],
  durationNs: 6e9,
};
const stalls: SyntheticOptions = {
  runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 95e6 : 1e6 }),
};

/** Half of the time in a synchronous call for another process, next to no CPU. */
const spawning: Profile = drawProfile(
  `
  3000000000                         600000000
  20000000                           600000000
  onMessage@src/server.ts:40         onMessage@src/server.ts:40
  authorize@src/auth.ts:66           encodePeers@src/encode.ts:12
  spawnSync@node:child_process:700
  `,
  bothClocks,
);

/** 1.2 s of 6 s in what a timer starts, by the CPU. */
const sweeping = (otherMs: number): Profile =>
  drawProfile(
    `
    1200000000                              ${otherMs}000000
    1200000000                              ${otherMs}000000
    processTimers@node:internal/timers:510  onMessage@src/server.ts:40
    sweep@src/store.ts:4                    encodePeers@src/encode.ts:12
    `,
    bothClocks,
  );

const lowCpu: SyntheticOptions = {
  process: ({ atMs }) => ({ cpuUserMs: atMs * 0.1, cpuSystemMs: atMs * 0.1, runQueueDelayMs: 0 }),
};

describe('one function is told once', () => {
  it('where it blocks the loop and requests wait for it: as a stall, with the evidence of both', () => {
    const options = { ...lowCpu, ...stalls, latenciesNs: [20e6], profiles: { cpu: spawning } };
    expect(told(options)).toEqual(['event-loop-stall authorize']);
    const metrics = found(options)[0]?.evidence.map(({ metric }) => metric) ?? [];
    expect(metrics).toContain('longest event-loop delay');
    expect(metrics).toContain('latency beyond service and queue');
  });

  it('stays two where another function is what requests wait for', () => {
    const asking = drawProfile(
      `
      1200000000                              1000000000
      1200000000                              20000000
      processTimers@node:internal/timers:510  onMessage@src/server.ts:40
      sweep@src/store.ts:4                    authorize@src/auth.ts:66
                                              spawnSync@node:child_process:700
      `,
      bothClocks,
    );
    const rules = told({ ...lowCpu, ...stalls, latenciesNs: [20e6], profiles: { cpu: asking } });
    expect(rules).toEqual(expect.arrayContaining(['event-loop-stall sweep', 'external-wait authorize']));
  });

  it('where most of what it takes of the CPU is taken while the loop stands still', () => {
    const half: SyntheticOptions = {
      runtime: (_, index) => ({ eventLoopDelayNsMax: index % 2 === 0 ? 150e6 : 1e6 }),
      profiles: { cpu: sweeping(900) },
    };
    expect(told(half)).toEqual(['event-loop-stall sweep']);
    // Four fifths of what it takes of the CPU are taken while the loop goes on: a cause of its own.
    const rarely = { ...stalls, profiles: { cpu: sweeping(900) } };
    expect(told(rarely)).toEqual(
      expect.arrayContaining(['event-loop-stall sweep', 'cpu-hot-function sweep']),
    );
    const hot: SyntheticOptions = { ...half, profiles: { cpu: sweeping(2_000) } };
    expect(told(hot)).toEqual(['event-loop-stall sweep', 'cpu-hot-function encodePeers']);
  });

  it('where it loses requests and stalls: as the worse of both', () => {
    const dropping = (perSample: number): SyntheticOptions => ({
      runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 60e6 : 1e6 }),
      process: (row, index) => ({ ...halfBusy(row), socketDrops: index * perSample }),
      announce: { timedOut: 20_000 },
      profiles: { cpu: sweeping(1_200) },
    });
    expect(told(dropping(300))).toEqual(['receive-drops sweep']);
    expect(told(dropping(20))).toEqual(['event-loop-stall sweep']);
  });

  it('where asking outside makes garbage', () => {
    const rules = told({
      ...lowCpu,
      latenciesNs: [20e6],
      runtime: (row) => ({ gc: { ...row.gc, minor: { count: 1, ms: row.atMs * 0.06 } } }),
      profiles: {
        cpu: spawning,
        allocations: drawProfile(
          `
          900
          onMessage@src/server.ts:40
          authorize@src/auth.ts:66
          `,
          { valueTypes: [{ type: 'alloc_space', unit: 'bytes' }] },
        ),
      },
    });
    expect(rules).toEqual(['external-wait authorize']);
  });
});
