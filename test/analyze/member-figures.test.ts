import { describe, expect, it } from 'vitest';
import { memberFigures } from '../../src/analyze/member-figures.ts';
import { buildReport } from '../../src/analyze/report/build-report.ts';
import { renderMarkdown } from '../../src/analyze/report/markdown.ts';
import { summarize } from '../../src/analyze/report/summarize.ts';
import type { MemberRecord, MemberRow } from '../../src/run.ts';
import { syntheticEvidence, syntheticRun } from './synthetic-run.ts';

const none = {
  sent: 0,
  succeeded: 0,
  timedOut: 0,
  errorReplies: 0,
  malformedReplies: 0,
  sendFailed: 0,
  unresolved: 0,
};

function member(port: number, announces: Partial<typeof none>): MemberRecord {
  const address = `udp://127.0.0.1:${port}`;
  return {
    record: { ...syntheticRun().target, kind: 'address', name: `node at 127.0.0.1:${port}`, address },
    phases: [
      {
        phase: 'clean',
        operations: { connect: none, announce: { ...none, ...announces }, scrape: none },
        histogram: null,
      },
    ],
    profiles: [],
    missingProfiles: [],
  };
}

/** The clean phase lasts from 4 s to 16 s; the first tracker uses half of a core, the second is not sampled. */
function evidence() {
  const plain = syntheticEvidence({
    run: {
      members: [
        member(1, { sent: 120_000, succeeded: 120_000 }),
        member(2, { sent: 40_000, succeeded: 24_000, timedOut: 15_000, errorReplies: 1_000 }),
      ],
    },
  });
  const rows = [4_000, 10_000, 16_000].map((atMs): MemberRow => {
    return {
      kind: 'member',
      atMs,
      member: 0,
      cpuUserMs: atMs * 0.4,
      cpuSystemMs: atMs * 0.1,
      rssBytes: 50e6 + atMs,
      socketDrops: atMs / 1000,
      socketQueueBytes: 0,
    };
  });
  return { ...plain, timeline: [...plain.timeline, ...rows] };
}

describe('the figures of several trackers', () => {
  it('are those of each, by its own counts and rows', () => {
    const [first, second] = memberFigures(evidence());
    expect(first).toMatchObject({ sent: 120_000, requestsPerSecond: 10_000, cpuShare: 0.5, socketDrops: 12 });
    expect(first?.cpuMicrosecondsPerRequest).toBeCloseTo(50, 6);
    expect(first?.rssBytesMax).toBe(50e6 + 16_000);
    expect(second).toMatchObject({
      requestsPerSecond: 2_000,
      timedOut: 15_000,
      cpuShare: null,
      socketDrops: null,
    });
  });

  it('are none where the target is one', () => {
    expect(memberFigures(syntheticEvidence())).toEqual([]);
  });

  it('stand in the report and in the summary', () => {
    const report = buildReport(evidence(), { history: { rows: [], brokenLines: 0 }, runs: [] });
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('### Trackers');
    expect(markdown).toMatch(
      /node at 127\.0\.0\.1:2 +\| +25\.00 % \| +2,000\.00 \| +15,000 timed out, 1,000 error replies/,
    );
    const lines = summarize(report, 'folder').join('\n');
    expect(lines).toContain(
      '  node at 127.0.0.1:1: 10,000.00 requests/s, 100.00 % successful, 50.00 % of a core',
    );
    expect(lines).toContain(
      '  node at 127.0.0.1:2: 2,000.00 requests/s, 60.00 % successful, CPU not measured',
    );
    const single = buildReport(syntheticEvidence(), { history: { rows: [], brokenLines: 0 }, runs: [] });
    expect(renderMarkdown(single)).not.toContain('### Trackers');
  });
});
