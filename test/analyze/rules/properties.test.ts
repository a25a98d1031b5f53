import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../../src/analyze/finding.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { shareInterval } from '../../../src/analyze/share-interval.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { syntheticEvidence } from '../synthetic-run.ts';

const mixed = drawProfile(`
  300                          200                  150                          100                                         250
  onMessage@src/server.ts:40   Node.js              onMessage@src/server.ts:40   onMessage@src/server.ts:40                  onMessage@src/server.ts:40
  encodePeers@src/encode.ts:9  Garbage Collection   sendReply@src/server.ts:90   note@src/server.ts:70                       touch@src/store.ts:4
                                                    send                         log@node:internal/console/constructor:380
`);

const withValues = (values: readonly number[]): Profile => ({
  ...mixed,
  values: [Float64Array.from(values)],
});

const verdicts = (cpu: Profile) =>
  judge(syntheticEvidence({ profiles: { cpu } })).map(({ rule, verdict, subject }) => ({
    rule,
    verdict,
    subject,
  }));

function permuted(profile: Profile, order: readonly number[]): Profile {
  const stacks = order.map((sample) =>
    profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1]),
  );
  const stackStart = new Uint32Array(order.length + 1);
  for (const [index, stack] of stacks.entries())
    stackStart[index + 1] = (stackStart[index] as number) + stack.length;
  return {
    ...profile,
    stackStart,
    stackFrames: Uint32Array.from(stacks.flatMap((stack) => [...stack])),
    values: profile.values.map((values) => Float64Array.from(order, (sample) => values[sample] as number)),
  };
}

const someValues = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 5, maxLength: 5 });
const options = { seed: 20261124, numRuns: 40 };

describe('all rules together', () => {
  it('give the same verdicts and subjects where all values are scaled', () => {
    fc.assert(
      fc.property(someValues, fc.constantFrom(0.5, 4, 1024, 2 ** 20), (values, factor) => {
        expect(verdicts(withValues(values.map((value) => value * factor)))).toEqual(
          verdicts(withValues(values)),
        );
      }),
      options,
    );
  });

  it('give the same verdicts and subjects where the samples are permuted', () => {
    fc.assert(
      fc.property(someValues, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (values, order) => {
        const profile = withValues(values);
        expect(verdicts(permuted(profile, order))).toEqual(verdicts(profile));
      }),
      options,
    );
  });

  it('find nothing without evidence', () => {
    const findings = judge(
      syntheticEvidence({ phases: ['warm-up'], without: ['process', 'runtime', 'machine', 'load'] }),
    );
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(ruleIds));
    expect(new Set(findings.map(({ verdict }) => verdict))).toEqual(new Set(['insufficient-data']));
  });
});

describe('the interval of a share', () => {
  it('holds the share, lies in 0 to 1, and narrows with the samples', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        (share, samples) => {
          const { low, high } = shareInterval(share, samples);
          const more = shareInterval(share, samples * 10);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(low).toBeLessThanOrEqual(share + 1e-9);
          expect(high).toBeGreaterThanOrEqual(share - 1e-9);
          expect(more.high - more.low).toBeLessThan(high - low);
        },
      ),
      options,
    );
  });
});
