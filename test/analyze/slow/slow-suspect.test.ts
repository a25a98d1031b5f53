import { describe, expect, it } from 'vitest';
import { eventLoopStall } from '../../../src/analyze/rules/event-loop-stall.ts';
import { type DrawnSlice, SLICES, seededRandom, slicedRun } from './sliced-run.ts';

/** Every tenth slice is slow; `handler2` runs more in those where it is the cause. */
function stalling(isCause: boolean) {
  const random = seededRandom(7);
  const slices: DrawnSlice[] = Array.from({ length: SLICES }, (_, index) => {
    const isSlow = index % 10 === 4;
    return { isSlow, requests: 400, samples: 60, weights: [3, 3, isSlow && isCause ? 60 : 1, 3] };
  });
  return slicedRun({
    slices,
    random,
    synthetic: { runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 5e6 }) },
  });
}

describe('a stall whose cause no stack tells', () => {
  it('is charged to the function that is more frequent when it is slow', () => {
    const finding = eventLoopStall(stalling(true));
    expect(finding.subject).toMatchObject({ function: 'handler2', file: 'src/server.ts' });
    expect(finding.summary).toContain(
      'handler2 (src/server.ts:102) is what the CPU does more of when it is slow',
    );
    const shares = finding.evidence.filter(({ metric }) => metric.startsWith('handler2 with what it calls'));
    expect(shares.map(({ value }) => value > 50)).toEqual([true, false]);
  });

  it('is charged to nobody where no function is', () => {
    const finding = eventLoopStall(stalling(false));
    expect(finding).toMatchObject({ verdict: 'found', subject: null });
  });
});
