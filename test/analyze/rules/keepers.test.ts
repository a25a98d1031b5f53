import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { memoryGrowth } from '../../../src/analyze/rules/memory-growth.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const kept = { valueTypes: [{ type: 'inuse_space', unit: 'bytes' }] };

/** A leak of 300 MB a minute, on the heap or beside it. */
function leaking(profiles: SyntheticOptions['profiles'], where: 'heap' | 'buffers' = 'heap') {
  const grown = (atMs: number): number => atMs * 5_000;
  return memoryGrowth(
    syntheticEvidence({
      process: ({ atMs }) => ({ rssBytes: 60e6 + grown(atMs) }),
      runtime: ({ atMs, heapUsedBytes, externalBytes }) =>
        where === 'heap'
          ? { heapUsedBytes: heapUsedBytes + grown(atMs) }
          : { externalBytes: externalBytes + grown(atMs) },
      profiles: profiles ?? {},
    }),
  );
}

const cpu = drawProfile(`
  50                          30                          20
  onMessage@src/server.ts:40  onMessage@src/server.ts:40  onMessage@src/server.ts:40
  isRepeated@src/seen.ts:3    encodePeers@src/encode.ts:9
`);

/** V8 has inlined everything. */
const growth = drawProfile(
  `
  9000000                     500000
  onMessage@src/server.ts:40  touchPeer@src/store.ts:55
  `,
  kept,
);

const keptEarly = (isRepeated: number, encodePeers: number, itself: number): Profile =>
  drawProfile(
    `
    ${String(isRepeated).padEnd(28)}${String(encodePeers).padEnd(28)}${String(itself).padEnd(28)}30000000
    emit@node:events:471        emit@node:events:471        emit@node:events:471        onMessage@src/server.ts:40
    onMessage@src/server.ts:40  onMessage@src/server.ts:40  onMessage@src/server.ts:40
    isRepeated@src/seen.ts:3    encodePeers@src/encode.ts:9
    `,
    kept,
  );

describe('a function that leaks and is inlined into its caller', () => {
  it('is named by what it kept before it was inlined, and the caller is told beside it', () => {
    const finding = leaking({
      cpu,
      'heap-growth': growth,
      'live-heap': keptEarly(1_500_000, 200_000, 100_000),
    });
    expect(finding.subject).toMatchObject({ function: 'isRepeated', file: 'src/seen.ts' });
    expect(finding.confidence).toBe('medium');
    expect(finding.summary).toContain(
      'onMessage (src/server.ts:40), into which it is inlined, stands for 94.7 %',
    );
    const line = finding.evidence.find(({ metric }) => metric.startsWith('kept by isRepeated'));
    expect(line).toMatchObject({ value: 1.5, unit: 'MB', source: 'live-heap.pb.gz' });
  });

  it.each([
    ['few samples saw it', keptEarly(400_000, 0, 0)],
    ['the caller kept as much by its own code then', keptEarly(1_500_000, 0, 1_600_000)],
  ])('is not where %s', (_, liveHeap) => {
    const finding = leaking({ cpu, 'heap-growth': growth, 'live-heap': liveHeap });
    expect(finding.subject?.function).toBe('onMessage');
  });
});

describe('buffers that are kept', () => {
  const made = drawProfile(
    `
    70                                   30
    announceReply@src/reply.ts:51        keep@src/kept.ts:14
    alloc@node:buffer:391                alloc@node:buffer:391
    FastBuffer@node:internal/buffer:960  FastBuffer@node:internal/buffer:960
    `,
    { valueTypes: [{ type: 'alloc_objects', unit: 'count' }] },
  );
  const liveHeap = (bytes: number): Profile =>
    drawProfile(
      `
      ${bytes}
      keep@src/kept.ts:14
      alloc@node:buffer:391
      FastBuffer@node:internal/buffer:960
      `,
      kept,
    );

  it('are charged to who makes those, not to who makes most', () => {
    const finding = leaking({ allocations: made, 'live-heap': liveHeap(900_000) }, 'buffers');
    expect(finding.subject?.function).toBe('keep');
    expect(finding.summary).toContain('100.0 % of the buffers that are kept');
  });

  it('are charged to who keeps most on the heap and makes some, where V8 inlined the making', () => {
    const inlined = drawProfile(
      `
      900000
      keep@src/kept.ts:14
      `,
      kept,
    );
    const finding = leaking({ allocations: made, 'live-heap': inlined }, 'buffers');
    expect(finding.subject?.function).toBe('keep');
    expect(finding.summary).toContain('the objects of its buffers among it');
    const other = drawProfile(
      `
      900000
      note@src/notes.ts:3
      `,
      kept,
    );
    expect(leaking({ allocations: made, 'live-heap': other }, 'buffers').subject?.function).toBe(
      'announceReply',
    );
  });

  it('are charged to who makes most where hardly a sample saw one kept', () => {
    const finding = leaking({ allocations: made, 'live-heap': liveHeap(300_000) }, 'buffers');
    expect(finding.subject?.function).toBe('announceReply');
    expect(finding.summary).toContain('which of them are kept, the profiles do not tell');
  });
});
