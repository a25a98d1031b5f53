import { describe, expect, it } from 'vitest';
import { type PerfGapFacts, perfGaps } from '../../../../src/lab/capture/perf/perf-gaps.ts';

const whole: PerfGapFacts = {
  sampleCount: 1000,
  userOnlySamples: 0,
  kernelFrames: 500,
  unnamedKernelFrames: 3,
  lostSamples: 10,
  unreadableLines: 0,
  orphanedAddonSamples: new Map([['addon.node', 10]]),
  unnamedJit: [],
  paranoid: 2,
};

describe('what a recording lacks', () => {
  it('is nothing where single frames and samples are missing', () => {
    expect(perfGaps(whole)).toEqual([]);
  });

  it.each<[what: string, facts: Partial<PerfGapFacts>, says: RegExp]>([
    [
      'the kernel',
      { userOnlySamples: 1000, kernelFrames: 0 },
      /paranoid is 2 .*sysctl kernel\.perf_event_paranoid=1/,
    ],
    ['names of the kernel', { unnamedKernelFrames: 500 }, /sysctl kernel\.kptr_restrict=0/],
    ['samples', { lostSamples: 11 }, /dropped 11 samples beside 1000/],
    ['lines', { unreadableLines: 2 }, /2 lines/],
    [
      'callers of an addon',
      { orphanedAddonSamples: new Map([['koffi.node', 641]]) },
      /^64\.1 % of the samples are in koffi\.node without the JavaScript that called it/,
    ],
    ['names of JavaScript', { unnamedJit: [{ pid: 7, program: 'node' }] }, /process 7.*--perf-basic-prof/],
    ['names of other JIT code', { unnamedJit: [{ pid: 7, program: 'java' }] }, /process 7.*perf-PID\.map/],
  ])('is told where it is %s', (_what, facts, says) => {
    const gaps = perfGaps({ ...whole, ...facts });
    expect(gaps).toEqual([expect.stringMatching(says)]);
  });
});
