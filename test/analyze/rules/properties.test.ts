import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/analyze/evidence.ts';
import { ruleIds } from '../../../src/analyze/finding.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { judge } from '../../../src/analyze/rules/judge.ts';
import { shareInterval } from '../../../src/analyze/share-interval.ts';
import type { TimelineRow } from '../../../src/run.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

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

/** What a run's rules say, by everything but the figures. */
const answers = (evidence: Evidence) =>
  judge(evidence).map(({ rule, verdict, severity, subject }) => ({ rule, verdict, severity, subject }));

/** Faults that show in series: in the load, in memory and in latency. */
const faults: Readonly<Record<string, SyntheticOptions>> = {
  'a leak': { process: ({ atMs }) => ({ rssBytes: 60e6 + atMs * 6_000 }) },
  stalls: { runtime: (_, index) => ({ eventLoopDelayNsMax: index % 4 === 0 ? 90e6 : 8e6 }) },
  'error replies': { announce: { errorReplies: 5_000 } },
  'drops at the socket': {
    process: (_, index) => ({ socketDrops: index * 100 }),
    announce: { timedOut: 10_000 },
  },
  'waiting outside': {
    process: ({ atMs }) => ({ cpuUserMs: atMs * 0.1, cpuSystemMs: atMs * 0.1, runQueueDelayMs: 0 }),
    latenciesNs: [12e6, 16e6, 20e6, 24e6],
  },
  'no fault': {},
};

/** The same run with that many times the requests in the same CPU time: nothing else is different. */
function moreRequests(evidence: Evidence, factor: number): Evidence {
  const phases = evidence.run.phases.map((phase) => ({
    ...phase,
    operations: mapValues(phase.operations, (counts) => mapValues(counts, (count) => count * factor)),
    peersReceived: phase.peersReceived * factor,
    sentBytes: phase.sentBytes * factor,
    receivedBytes: phase.receivedBytes * factor,
  }));
  const timeline = evidence.timeline.map((row): TimelineRow => {
    if (row.kind === 'process') {
      return { ...row, socketDrops: row.socketDrops === null ? null : row.socketDrops * factor };
    }
    if (row.kind !== 'load') return row;
    const { sent, succeeded, timedOut, errorReplies, malformedReplies, sendFailed } = row;
    const counts = { sent, succeeded, timedOut, errorReplies, malformedReplies, sendFailed };
    return { ...row, ...mapValues(counts, (count) => count * factor) };
  });
  const latency: Evidence['latency'] = (...asked) => {
    const summary = evidence.latency(...asked);
    return summary === null ? null : { ...summary, count: summary.count * factor };
  };
  return { ...evidence, run: { ...evidence.run, phases }, timeline, latency };
}

function mapValues<Value extends object>(
  object: Value,
  change: (value: Value[keyof Value]) => Value[keyof Value],
): Value {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)])) as Value;
}

/** As if the run had been started so much later. */
function later(evidence: Evidence, byMs: number): Evidence {
  const phases = evidence.run.phases.map((phase) => ({
    ...phase,
    startMs: phase.startMs + byMs,
    endMs: phase.endMs + byMs,
  }));
  const timeline = evidence.timeline.map((row) => ({ ...row, atMs: row.atMs + byMs }));
  return { ...evidence, run: { ...evidence.run, phases }, timeline };
}

/** Rows of different kinds in another order; each kind keeps its own. */
function interleaved(evidence: Evidence, order: readonly TimelineRow['kind'][]): Evidence {
  const timeline = order.flatMap((kind) => evidence.timeline.filter((row) => row.kind === kind));
  return { ...evidence, timeline };
}

describe.each(Object.entries(faults))('of the series of a run with %s', (name, options_) => {
  const evidence = syntheticEvidence(options_);

  it('a fault is found, and no other run is called at fault', () => {
    const found = answers(evidence).filter(({ verdict }) => verdict === 'found');
    expect(found.length > 0).toBe(name !== 'no fault');
  });

  it('the answer is the same with many times the requests', () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 8, 64), (factor) => {
        // A closed loop of that many times the workers: latency is the same, by Little's law.
        const more = moreRequests(evidence, factor);
        const scenario = { ...more.run.scenario, concurrency: more.run.scenario.concurrency * factor };
        expect(answers({ ...more, run: { ...more.run, scenario } })).toEqual(answers(evidence));
      }),
      { ...options, numRuns: 5 },
    );
  });

  it('the answer is the same at any time of the clock', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), (byMs) => {
        expect(answers(later(evidence, byMs))).toEqual(answers(evidence));
      }),
      { ...options, numRuns: 10 },
    );
  });

  it('the answer is the same however the rows of different sources lie among each other', () => {
    const kinds = ['load', 'machine', 'process', 'runtime', 'socket'] as const;
    fc.assert(
      fc.property(fc.shuffledSubarray([...kinds], { minLength: kinds.length }), (order) => {
        expect(answers(interleaved(evidence, order))).toEqual(answers(evidence));
      }),
      { ...options, numRuns: 10 },
    );
  });
});

describe('without its own evidence', () => {
  it.each(ruleIds)('%s cannot tell', (rule) => {
    const evidence = syntheticEvidence({
      phases: ['warm-up'],
      without: ['process', 'runtime', 'machine', 'load'],
      target: { runtime: null },
    });
    const finding = judge(evidence).find((one) => one.rule === rule);
    expect(finding).toMatchObject({ verdict: 'insufficient-data', subject: null, share: null, advice: [] });
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
