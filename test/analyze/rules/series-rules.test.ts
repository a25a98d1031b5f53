import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/analyze/evidence.ts';
import { errorsReturned } from '../../../src/analyze/rules/errors-returned.ts';
import { eventLoopStall } from '../../../src/analyze/rules/event-loop-stall.ts';
import { generatorLimited } from '../../../src/analyze/rules/generator-limited.ts';
import { lockContention } from '../../../src/analyze/rules/lock-contention.ts';
import { memoryGrowth } from '../../../src/analyze/rules/memory-growth.ts';
import { receiveDrops } from '../../../src/analyze/rules/receive-drops.ts';
import type { LoadThread } from '../../../src/run.ts';
import { healthyAllocations, healthyLiveHeap } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

/** A run in which the one-threaded tracker used that share of its core. */
function trackerAt(cpuShare: number, threads: readonly LoadThread[], waitShare = 0): Evidence {
  return syntheticEvidence({
    clean: { threads: [...threads] },
    process: (row) => ({
      cpuUserMs: row.atMs * cpuShare,
      cpuSystemMs: 0,
      runQueueDelayMs: row.atMs * waitShare,
    }),
  });
}

const idleLag = { sendLagNsP50: 0, sendLagNsP99: 0, sendLagNsMax: 0 };

describe('memory-growth', () => {
  it('is found where the memory grows past 100 MB a minute to the end, and names what keeps it', () => {
    const evidence = syntheticEvidence({
      process: (row) => ({ rssBytes: 60e6 + row.atMs * 5_000 }),
      profiles: { 'live-heap': healthyLiveHeap },
    });
    const finding = memoryGrowth(evidence);
    expect(finding.verdict).toBe('found');
    expect(finding.severity).toBe('warning');
    expect(finding.subject?.function).toBe('createStore');
    const rate = finding.evidence.find((line) => line.metric === 'RSS, growth per minute');
    expect(rate?.value).toBeCloseTo(300);
  });

  it('names who allocated what came to be kept, and what V8 may have inlined into it', () => {
    const profiles = {
      'live-heap': healthyLiveHeap,
      'heap-growth': drawProfile(
        `
        9000000                     500000                            20000000    900000
        onMessage@src/server.ts:40  touchPeer@src/store.ts:55         (external)  (root)
        `,
        { valueTypes: [{ type: 'inuse_space', unit: 'bytes' }] },
      ),
      cpu: drawProfile(`
        50                          30                          20
        onMessage@src/server.ts:40  onMessage@src/server.ts:40  onMessage@src/server.ts:40
        isRepeated@src/seen.ts:3    encodePeers@src/encode.ts:9
        `),
    };
    const process = (row: { atMs: number }) => ({ rssBytes: 60e6 + row.atMs * 5_000 });
    const finding = memoryGrowth(syntheticEvidence({ process, profiles }));
    expect(finding.subject?.function).toBe('onMessage');
    expect(finding.confidence).toBe('medium');
    expect(finding.summary).toContain('inlined into it: isRepeated, encodePeers) allocated 86.5 %');
    const { cpu: _, ...withoutCpu } = profiles;
    expect(memoryGrowth(syntheticEvidence({ process, profiles: withoutCpu })).confidence).toBe('high');
  });

  it('names nobody where the program’s own functions keep next to nothing', () => {
    const growth = drawProfile(
      `
      50                          950
      onMessage@src/server.ts:40  (V8 API)
      `,
      { valueTypes: [{ type: 'inuse_space', unit: 'bytes' }] },
    );
    const evidence = syntheticEvidence({
      process: (row) => ({ rssBytes: 60e6 + row.atMs * 5_000 }),
      profiles: { 'heap-growth': growth },
    });
    expect(memoryGrowth(evidence)).toMatchObject({ verdict: 'found', subject: null });
  });

  it('is critical past a gigabyte', () => {
    const finding = memoryGrowth(
      syntheticEvidence({ process: (row) => ({ rssBytes: row.atMs > 5_000 ? 1.2e9 : 60e6 }) }),
    );
    expect(finding.severity).toBe('critical');
  });

  it('is clear where it grew fast and then stood still', () => {
    const evidence = syntheticEvidence({
      process: (row) => ({ rssBytes: 60e6 + Math.min(row.atMs, 8_000) * 8_000 }),
    });
    expect(memoryGrowth(evidence).verdict).toBe('clear');
  });

  it('is clear where it only swings', () => {
    const evidence = syntheticEvidence({ process: (_, index) => ({ rssBytes: 80e6 + (index % 4) * 10e6 }) });
    expect(memoryGrowth(evidence).verdict).toBe('clear');
  });

  it('cannot tell without samples, or without a trend', () => {
    expect(memoryGrowth(syntheticEvidence({ without: ['process'] })).verdict).toBe('insufficient-data');
    const short = syntheticEvidence({ clean: { startMs: 4_000, endMs: 6_000 } });
    expect(memoryGrowth(short).verdict).toBe('insufficient-data');
  });
});

/** A tracker that saves its state by a synchronous write, called by a timer or not. */
const saving = (isTimer: boolean) =>
  drawProfile(
    `
    700                                       300
    50                                        250
    ${(isTimer ? 'listOnTimeout@node:internal/timers:500' : 'onMessage@src/server.ts:40').padEnd(42)}onMessage@src/server.ts:40
    saveState@src/state.ts:9                  encodePeers@src/encode.ts:9
    writeFileSync@node:fs:2300
    `,
    {
      valueTypes: [
        { type: 'wall', unit: 'nanoseconds' },
        { type: 'cpu', unit: 'nanoseconds' },
      ],
    },
  );

describe('event-loop-stall', () => {
  it.each([true, false])('names who writes synchronously, by wall time (by a timer: %s)', (isTimer) => {
    const evidence = syntheticEvidence({
      runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 1e6 }),
      profiles: { cpu: saving(isTimer) },
    });
    const finding = eventLoopStall(evidence);
    expect(finding.subject?.function).toBe('saveState');
    expect(finding.summary).toContain(isTimer ? 'that timers start' : 'by synchronous calls');
    expect(lockContention(evidence).verdict).toBe('clear');
  });

  it('is found where the loop stood still for 50 ms or more', () => {
    const finding = eventLoopStall(
      syntheticEvidence({ runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 80e6 : 1e6 }) }),
    );
    expect(finding.verdict).toBe('found');
    expect(finding.subject).toBeNull();
    expect(finding.summary).toContain('80.0 ms');
    expect(finding.share).toBeCloseTo(0.08, 1);
  });

  it('names who allocates most where collections in the same samples account for it', () => {
    const finding = eventLoopStall(
      syntheticEvidence({
        profiles: { allocations: healthyAllocations },
        runtime: (row, index) => ({
          eventLoopDelayNsMax: 80e6,
          gc: { ...row.gc, major: { count: index, ms: index * 70 } },
        }),
      }),
    );
    expect(finding.subject?.function).toBe('encodePeers');
    expect(finding.summary).toContain('garbage collection accounts for most of it');
  });

  it('is but a remark where the threads waited for a core in the same samples', () => {
    const stalled: SyntheticOptions = { runtime: () => ({ eventLoopDelayNsMax: 120e6 }) };
    const finding = eventLoopStall(
      syntheticEvidence({ ...stalled, process: (row) => ({ runQueueDelayMs: row.atMs * 0.7 }) }),
    );
    expect(finding).toMatchObject({ verdict: 'found', severity: 'info', subject: null });
    expect(finding.summary).toContain('waited for a core');
    expect(finding.advice.join(' ')).toContain('pinned to cores 0 and 1 already');
    const { environment } = syntheticEvidence().run;
    const unpinned = eventLoopStall(
      syntheticEvidence({
        ...stalled,
        process: (row) => ({ runQueueDelayMs: row.atMs * 0.7 }),
        run: { environment: { ...environment, pinning: null } },
      }),
    );
    expect(unpinned.advice.join(' ')).toContain('--pin');
    expect(eventLoopStall(syntheticEvidence(stalled)).severity).toBe('critical');
  });

  it('is clear below, and cannot tell without samples', () => {
    expect(eventLoopStall(syntheticEvidence()).verdict).toBe('clear');
    expect(eventLoopStall(syntheticEvidence({ without: ['runtime'] })).verdict).toBe('insufficient-data');
  });

  it('is clear of a program that has no event loop, and not of one that is not known', () => {
    const stall = (runtime: string | null) =>
      eventLoopStall(syntheticEvidence({ without: ['runtime'], target: { kind: 'address', runtime } }));
    expect(stall('go1.26.8').verdict).toBe('clear');
    expect(stall(null).verdict).toBe('insufficient-data');
  });
});

describe('receive-drops', () => {
  const dropping = (perSample: number) => ({
    process: (_: unknown, index: number) => ({ socketDrops: index * perSample }),
    announce: { timedOut: 10_000 },
  });

  it('is found with its share of the lost requests', () => {
    const finding = receiveDrops(syntheticEvidence(dropping(100)));
    expect(finding.verdict).toBe('found');
    expect(finding.severity).toBe('warning');
    expect(finding.share).toBeCloseTo(0.48);
    expect(finding.evidence.find((line) => line.metric === 'receive buffer given')?.value).toBe(8_388_608);
  });

  it('is critical where more than 5 % are dropped', () => {
    expect(receiveDrops(syntheticEvidence(dropping(1_000))).severity).toBe('critical');
  });

  it('is clear below 0.1 %, and cannot tell where the socket is not seen', () => {
    expect(receiveDrops(syntheticEvidence()).verdict).toBe('clear');
    expect(receiveDrops(syntheticEvidence(dropping(1))).verdict).toBe('clear');
    const unseen = syntheticEvidence({ process: () => ({ socketDrops: null }) });
    expect(receiveDrops(unseen).verdict).toBe('insufficient-data');
    expect(receiveDrops(syntheticEvidence({ phases: ['warm-up'] })).verdict).toBe('insufficient-data');
  });
});

describe('errors-returned', () => {
  it('is found past 1 %, with the tracker’s own texts', () => {
    const finding = errorsReturned(
      syntheticEvidence({
        announce: { errorReplies: 6_000, timedOut: 2_000 },
        clean: { errorTexts: { 'not on the list': 5_000, other: 1_000 } },
      }),
    );
    expect(finding.verdict).toBe('found');
    expect(finding.share).toBeCloseTo(0.75);
    expect(finding.summary).toContain('"not on the list"');
    expect(finding.advice.join(' ')).toContain('tracker-lab hashes');
  });

  it('is critical past 5 %, and counts malformed replies', () => {
    const finding = errorsReturned(syntheticEvidence({ announce: { malformedReplies: 8_000 } }));
    expect(finding.severity).toBe('critical');
  });

  it('is clear up to 1 %, and cannot tell where nothing was sent', () => {
    expect(errorsReturned(syntheticEvidence()).verdict).toBe('clear');
    expect(errorsReturned(syntheticEvidence({ announce: { errorReplies: 1_464 } })).verdict).toBe('clear');
    expect(errorsReturned(syntheticEvidence({ phases: ['warm-up'] })).verdict).toBe('insufficient-data');
  });
});

describe('generator-limited', () => {
  it.each([
    ['a thread above 80 % of its core', { ...idleLag, cpuShare: 0.81 }],
    ['a send delay above 1 ms at P99', { ...idleLag, cpuShare: 0.1, sendLagNsP99: 1.01e6 }],
    ['a send delay with the CPU unknown', { ...idleLag, cpuShare: null, sendLagNsP99: 2e6 }],
  ])('is found by %s', (_, thread) => {
    const healthy = { ...idleLag, cpuShare: 0.2 };
    const finding = generatorLimited(trackerAt(0.6, [healthy, thread]));
    expect(finding.verdict).toBe('found');
    expect(finding.severity).toBe('critical');
  });

  it('tells a generator that others held up from one that is the limit', () => {
    const late = { ...idleLag, sendLagNsP99: 2e6 };
    const heldUp = generatorLimited(trackerAt(0.6, [{ ...late, cpuShare: 0.08 }]));
    expect(heldUp.verdict).toBe('found');
    expect(heldUp.summary).toContain('held up by other work');
    expect(heldUp.advice.join(' ')).not.toContain('--concurrency');
    const busy = generatorLimited(trackerAt(0.6, [{ ...late, cpuShare: 0.7 }]));
    expect(busy.summary).toContain('the generator is the limit');
    expect(busy.advice.join(' ')).toContain('--concurrency');
  });

  it('is clear beside a tracker that has used up its own CPU, unless the generator is late', () => {
    const busy = { ...idleLag, cpuShare: 0.93 };
    expect(generatorLimited(trackerAt(0.89, [busy])).verdict).toBe('found');
    expect(generatorLimited(trackerAt(0.8, [busy], 0.15)).verdict).toBe('clear');
    const finding = generatorLimited(trackerAt(0.97, [busy]));
    expect(finding.verdict).toBe('clear');
    expect(finding.summary).toContain('upper bounds');
    expect(generatorLimited(trackerAt(0.97, [{ ...busy, sendLagNsP99: 1.01e6 }])).verdict).toBe('found');
  });

  it('is clear at the limits, and cannot tell without threads', () => {
    const thread = { ...idleLag, cpuShare: 0.8, sendLagNsP99: 1e6 };
    expect(generatorLimited(syntheticEvidence({ clean: { threads: [thread] } })).verdict).toBe('clear');
    expect(generatorLimited(syntheticEvidence({ clean: { threads: [] } })).verdict).toBe('insufficient-data');
  });
});
