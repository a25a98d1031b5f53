import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/analyze/evidence.ts';
import type { Finding, RuleId } from '../../../src/analyze/finding.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { cpuHotFunction } from '../../../src/analyze/rules/cpu-hot-function.ts';
import { errorsReturned } from '../../../src/analyze/rules/errors-returned.ts';
import { eventLoopStall } from '../../../src/analyze/rules/event-loop-stall.ts';
import { externalWait } from '../../../src/analyze/rules/external-wait.ts';
import { gcPressure } from '../../../src/analyze/rules/gc-pressure.ts';
import { generatorLimited } from '../../../src/analyze/rules/generator-limited.ts';
import { judge as judgeAll } from '../../../src/analyze/rules/judge.ts';
import { lockContention } from '../../../src/analyze/rules/lock-contention.ts';
import { logging } from '../../../src/analyze/rules/logging.ts';
import { memoryGrowth } from '../../../src/analyze/rules/memory-growth.ts';
import { receiveDrops } from '../../../src/analyze/rules/receive-drops.ts';
import { syscallBound } from '../../../src/analyze/rules/syscall-bound.ts';
import type { ProcessRow } from '../../../src/run.ts';
import { type Noise, noiseOf } from '../noise.ts';
import { drawProfile } from '../profile/draw-profile.ts';
import { type SyntheticOptions, syntheticEvidence } from '../synthetic-run.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const LEVELS = [0.01, 0.05, 0.15];

/** Every value of a profile with noise of its own. */
function noisy(profile: Profile, noise: Noise): Profile {
  return { ...profile, values: profile.values.map((values) => values.map(noise)) };
}

/** A counter that grows by `perMs`, each step with noise: it never falls. */
function counter(perMs: number, noise: Noise): (row: ProcessRow) => number {
  let [sum, last] = [0, 0];
  return function read({ atMs }) {
    sum += noise((atMs - last) * perMs);
    last = atMs;
    return sum;
  };
}

function cpu(user: number, system: number, noise: Noise): Pick<SyntheticOptions, 'process'> {
  const [userMs, systemMs] = [counter(user, noise), counter(system, noise)];
  return {
    process: (row) => ({ cpuUserMs: userMs(row), cpuSystemMs: systemMs(row), runQueueDelayMs: 0 }),
  };
}

/** A CPU profile of 10,000 samples: that share of it in a stack, the rest in twenty functions. */
function share(percent: number, ...frames: readonly string[]): Profile {
  const rest = Array.from({ length: 20 }, (_, index) => `other${index}@src/other.ts:${index + 1}`);
  const width = Math.max(...[...frames, ...rest].map((text) => text.length)) + 2;
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padEnd(width))
      .join('')
      .trimEnd();
  const values = [percent * 100, ...rest.map(() => (100 - percent) * 5)].map(String);
  const depth = Math.max(frames.length, 1);
  const rows = Array.from({ length: depth }, (_, level) =>
    row([frames[level] ?? '', ...(level === 0 ? rest : [])]),
  );
  return drawProfile([row(values), ...rows].join('\n'));
}

const handler = 'onMessage@src/server.ts:40';
const planted = 'makeReply@src/reply.ts:7';

interface Case {
  readonly rule: RuleId;
  readonly judge: (evidence: Evidence) => Finding;
  /** Options with noise, of a fault where `isFault`. */
  readonly options: (isFault: boolean, noise: Noise) => SyntheticOptions;
  /** Function that the finding has to name. */
  readonly subject?: string;
}

const cases: readonly Case[] = [
  {
    rule: 'gc-pressure',
    judge: gcPressure,
    options: (isFault, noise) => ({
      profiles: { cpu: noisy(share(isFault ? 30 : 4, planted, 'Garbage Collection'), noise) },
    }),
    subject: 'makeReply',
  },
  {
    rule: 'lock-contention',
    judge: lockContention,
    options: (isFault, noise) => ({
      profiles: { cpu: noisy(share(isFault ? 30 : 4, planted, 'Atomics.wait'), noise) },
    }),
    subject: 'makeReply',
  },
  {
    rule: 'syscall-bound',
    judge: syscallBound,
    options: (isFault, noise) => ({
      ...(isFault ? cpu(0.22, 0.72, noise) : cpu(0.72, 0.22, noise)),
      profiles: { cpu: noisy(share(isFault ? 76 : 23, planted, 'send'), noise) },
    }),
    subject: 'makeReply',
  },
  {
    rule: 'cpu-hot-function',
    judge: cpuHotFunction,
    options: (isFault, noise) => ({
      ...cpu(0.8, 0.18, (value) => Math.min(value * 1.01, noise(value))),
      profiles: { cpu: noisy(share(isFault ? 60 : 5, handler, planted), noise) },
    }),
    subject: 'makeReply',
  },
  {
    rule: 'memory-growth',
    judge: memoryGrowth,
    options: (isFault, noise) => {
      const grown = counter(isFault ? 6_000 : 0, noise);
      return { process: (row) => ({ rssBytes: isFault ? 60e6 + grown(row) : noise(80e6) }) };
    },
  },
  {
    rule: 'event-loop-stall',
    judge: eventLoopStall,
    options: (isFault, noise) => ({
      runtime: (_, index) => ({ eventLoopDelayNsMax: noise(isFault && index % 4 === 0 ? 90e6 : 8e6) }),
    }),
  },
  {
    rule: 'logging',
    judge: logging,
    options: (isFault, noise) => ({
      profiles: {
        cpu: noisy(share(isFault ? 30 : 4, planted, 'log@node:internal/console/constructor:380'), noise),
      },
    }),
    subject: 'makeReply',
  },
  {
    rule: 'receive-drops',
    judge: receiveDrops,
    options: (isFault, noise) => {
      const drops = counter(isFault ? 0.4 : 0.002, noise);
      return {
        process: (row) => ({ socketDrops: Math.round(drops(row)) }),
        announce: { timedOut: isFault ? 10_000 : 100 },
      };
    },
  },
  {
    rule: 'external-wait',
    judge: externalWait,
    options: (isFault, noise) => ({
      ...cpu(0.1, 0.1, noise),
      latenciesNs: isFault
        ? [12, 16, 20, 24].map((ms) => noise(ms * 1e6))
        : [0.2, 0.3, 0.4].map((ms) => noise(ms * 1e6)),
    }),
  },
  {
    rule: 'errors-returned',
    judge: errorsReturned,
    options: (isFault, noise) => ({ announce: { errorReplies: Math.round(noise(isFault ? 5_000 : 500)) } }),
  },
  {
    rule: 'generator-limited',
    judge: generatorLimited,
    options: (isFault, noise) => ({
      ...cpu(0.4, 0.1, noise),
      clean: {
        threads: [
          {
            cpuShare: Math.min(1, noise(isFault ? 0.97 : 0.5)),
            sendLagNsP50: 0,
            sendLagNsP99: noise(isFault ? 2e6 : 0.2e6),
            sendLagNsMax: 0,
          },
        ],
      },
    }),
  },
];

describe.each(cases)('$rule', ({ judge, options, subject }) => {
  it.each(LEVELS)('finds a fault and no other at a noise of ±%f', (level) => {
    for (const seed of SEEDS) {
      const found = judge(syntheticEvidence(options(true, noiseOf(level, seed))));
      expect({ seed, verdict: found.verdict }).toEqual({ seed, verdict: 'found' });
      if (subject !== undefined) expect(found.subject?.function).toBe(subject);
      const clear = judge(syntheticEvidence(options(false, noiseOf(level, seed))));
      expect({ seed, verdict: clear.verdict }).toEqual({ seed, verdict: 'clear' });
    }
  });
});

/** Rules that speak of a healthy part of the same run too: what is left of the CPU has a costliest function. */
const isRemark = ({ severity }: Finding): boolean => severity === 'info';

describe('all rules together, where one cause is told once', () => {
  it.each(cases)(
    'find $rule first at each level of noise, and nothing that asks to act without it',
    (one) => {
      for (const level of LEVELS) {
        for (const seed of SEEDS.slice(0, 3)) {
          const of = (isFault: boolean): readonly Finding[] =>
            judgeAll(syntheticEvidence(one.options(isFault, noiseOf(level, seed)))).filter(
              ({ verdict }) => verdict === 'found',
            );
          const first = of(true)[0];
          expect({ level, seed, rule: first?.rule }).toEqual({ level, seed, rule: one.rule });
          if (one.subject !== undefined) expect(first?.subject?.function).toBe(one.subject);
          const alarms = of(false).filter((finding) => !isRemark(finding));
          expect({ level, seed, alarms: alarms.map(({ rule }) => rule) }).toEqual({
            level,
            seed,
            alarms: [],
          });
        }
      }
    },
  );
});
