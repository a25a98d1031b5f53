import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../../src/analyze/finding.ts';
import { adviceFor } from '../../../src/analyze/rules/advice.ts';
import { cpuHotFunction } from '../../../src/analyze/rules/cpu-hot-function.ts';
import { eventLoopStall } from '../../../src/analyze/rules/event-loop-stall.ts';
import { gcPressure } from '../../../src/analyze/rules/gc-pressure.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { lockContention } from '../../../src/analyze/rules/lock-contention.ts';
import { goMutex, nativePerf } from '../drawn-profiles.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { halfBusy, syntheticEvidence } from '../synthetic-run.ts';

const collecting = drawProfile(`
  700                              300
  onMessage@src/server.ts:40       Node.js
  encodePeers@src/encode.ts:12     Garbage Collection
`);

/** Advice on garbage that one function makes through a leaf of that name; '' for its own code. */
function onGarbage(leaf: string): string {
  const allocations = drawProfile(
    ['1000', 'onMessage@src/server.ts:40', 'makeReply@src/reply.ts:7', leaf]
      .filter((line) => line !== '')
      .join('\n'),
    { valueTypes: [{ type: 'alloc_space', unit: 'bytes' }] },
  );
  return gcPressure(syntheticEvidence({ profiles: { cpu: collecting, allocations } })).advice.join(' ');
}

describe('advice fits what the evidence shows', () => {
  it('of garbage: buffers, text, or objects of its own code', () => {
    expect(onGarbage('Uint8Array')).toContain('one preallocated Buffer');
    expect(onGarbage('toString')).toContain('Make no string');
    expect(onGarbage('')).toContain('object, array or closure');
    const all = ['Uint8Array', 'toString', ''].map(onGarbage);
    expect(new Set(all).size).toBe(all.length);
  });

  it('of the young generation only where its collections are most of the collector’s time', () => {
    const of = (kind: 'minor' | 'major') =>
      gcPressure(
        syntheticEvidence({
          profiles: { cpu: collecting },
          runtime: (row, index) => ({
            gc: {
              ...row.gc,
              minor: { count: index, ms: kind === 'minor' ? index * 20 : 0 },
              major: { count: index, ms: kind === 'major' ? index * 20 : 0 },
            },
          }),
        }),
      ).advice.join(' ');
    expect(of('minor')).toContain('--max-semi-space-size=32');
    expect(of('major')).not.toContain('--max-semi-space-size=32');
  });

  it.each([
    ['writeFileSync@node:fs:2300', 'RAM disk'],
    ['spawnSync@node:child_process:700', 'execFile'],
    ['stringify', 'worker thread'],
    ['', 'slices'],
  ])('of a stall by a timer through %s', (leaf, words) => {
    const cpu = drawProfile(
      ['900', 'processTimers@node:internal/timers:510', 'work@src/work.ts:3', leaf]
        .filter((line) => line !== '')
        .join('\n'),
    );
    const finding = eventLoopStall(
      syntheticEvidence({
        profiles: { cpu },
        runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 1e6 }),
      }),
    );
    expect(finding.subject?.function).toBe('work');
    expect(finding.advice.join(' ')).toContain(words);
  });

  it('of a stall by collections: fewer objects, and no word of slices', () => {
    const finding = eventLoopStall(
      syntheticEvidence({
        runtime: (row, index) => ({
          eventLoopDelayNsMax: 80e6,
          gc: { ...row.gc, major: { count: index, ms: index * 70 } },
        }),
      }),
    );
    expect(finding.advice.join(' ')).toContain('--trace-gc');
    expect(finding.advice.join(' ')).not.toContain('slices');
  });

  it('of locks, by their kind', () => {
    const go = { kind: 'command', runtime: 'go1.26.8' } as const;
    const mutex = lockContention(
      syntheticEvidence({ target: go, profiles: { mutex: goMutex }, process: halfBusy }),
    );
    expect(mutex.advice.join(' ')).toContain('use an RWMutex');
    const readers = drawProfile(
      `
      9000000000                               1000000000
      main.serve@/app/main.go:50               main.serve@/app/main.go:50
      sync.(*RWMutex).RLock@sync/rwmutex.go:1  sync.(*Mutex).Lock@sync/mutex.go:1
      `,
      { runtime: 'go', valueTypes: [{ type: 'delay', unit: 'nanoseconds' }] },
    );
    const rw = lockContention(
      syntheticEvidence({ target: go, profiles: { mutex: readers }, process: halfBusy }),
    );
    expect(rw.advice.join(' ')).toContain('one counter');
    const native = { kind: 'command', runtime: null } as const;
    const pthread = lockContention(syntheticEvidence({ target: native, profiles: { perf: nativePerf } }));
    expect(pthread.advice.join(' ')).toContain('pthread_mutex_lock');
  });

  it('of a hot function, by what it spends most on', () => {
    const of = (leaf: string): string =>
      cpuHotFunction(
        syntheticEvidence({
          profiles: {
            cpu: drawProfile(['900', 'work@src/work.ts:3', leaf].filter((line) => line !== '').join('\n')),
          },
        }),
      ).advice.join(' ');
    expect(of('parse')).toContain('decoded between requests');
    expect(of('sort')).toContain('n log n');
    expect(of('update')).toContain('Hash once');
    expect(of('')).toContain('flame graph');
  });
});

describe('advice', () => {
  it('ends with what to measure next, and is empty unless something was found', () => {
    for (const rule of ruleIds) expect(adviceFor(rule, syntheticEvidence()).at(-1)).toMatch(/^To confirm/);
    const quiet = judge(syntheticEvidence()).filter(({ verdict }) => verdict !== 'found');
    expect(quiet.length).toBeGreaterThan(0);
    for (const { advice } of quiet) expect(advice).toEqual([]);
  });

  it('that is special to a kind replaces the general one', () => {
    const general = adviceFor('external-wait', syntheticEvidence());
    const special = adviceFor('external-wait', syntheticEvidence(), 'DNS');
    expect(special).not.toEqual(general);
    expect(special.join(' ')).toContain('DNS');
    expect(adviceFor('external-wait', syntheticEvidence(), 'nothing of the kind')).toEqual(general);
  });
});
