import { describe, expect, it } from 'vitest';
import { type WhenSlow, whenSlow } from '../../../src/analyze/slow/when-slow.ts';
import { syntheticEvidence } from '../synthetic-run.ts';
import { type DrawnSlice, type Random, SLICES, seededRandom, slicedRun } from './sliced-run.ts';

const FUNCTIONS = 15;
const SEEDS = 200;

/** Times of one to three slow slices, about one in ten slices. */
function slowTimes(random: Random): boolean[] {
  const slow: boolean[] = [];
  while (slow.length < SLICES) {
    const isSlow = random() < 0.06;
    for (let left = isSlow ? 1 + Math.floor(random() * 3) : 1; left > 0; left--) slow.push(isSlow);
  }
  return slow.slice(0, SLICES);
}

type Weights = (index: number, isSlow: boolean, before: readonly number[]) => readonly number[];

function draw(seed: number, weightsOf: (random: Random) => Weights): ReturnType<typeof slicedRun> {
  const random = seededRandom(seed);
  const slow = slowTimes(random);
  const weights = weightsOf(random);
  const slices: DrawnSlice[] = [];
  for (const [index, isSlow] of slow.entries()) {
    slices.push({
      isSlow,
      requests: 300 + Math.floor(random() * 300),
      samples: 20 + Math.floor(random() * 60),
      weights: weights(index, isSlow, slices.at(-1)?.weights ?? []),
    });
  }
  return slicedRun({ slices, random });
}

const even = Array.from({ length: FUNCTIONS }, (_, index) => 1 + (index % 4));

/** What functions do without any regard to how slow it is. */
const nulls: Readonly<Record<string, (random: Random) => Weights>> = {
  'draw their samples independently': () => () => even,
  'have shares that change from slice to slice': (random) => () =>
    even.map((weight) => weight * random() ** 3),
  'come and go for some slices': (random) => (_, __, before) =>
    even.map((weight, index) =>
      random() < 0.4 ? weight * (random() < 0.2 ? 8 : 0.5) : (before[index] ?? weight),
    ),
  'have one that runs at a period of its own': () => (index) =>
    even.map((weight, at) => (at === 3 ? (index % 7 === 0 ? 60 : 0) : weight)),
};

function namesOf(found: WhenSlow): string[] {
  return found.functions.map(({ functionName }) => functionName);
}

describe('functions that are no slower when it is slow', () => {
  it.each(Object.entries(nulls))(
    'are named in at most 5 % of runs where they %s',
    (_, weightsOf) => {
      let falselyNamed = 0;
      let compared = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const found = whenSlow(draw(seed, weightsOf));
        if (found.verdict !== 'insufficient-data') compared++;
        if (found.functions.length > 0) falselyNamed++;
      }
      expect(compared).toBeGreaterThan(SEEDS * 0.9);
      expect(falselyNamed).toBeLessThanOrEqual(SEEDS * 0.05);
    },
    60_000,
  );
});

describe('a function that runs more when it is slow', () => {
  const planted =
    (share: number, noise: number) =>
    (random: Random): Weights =>
    (_, isSlow) => {
      const weights = even.map((weight) => weight * (1 + noise * (random() - 0.5)));
      const others = weights.reduce((sum, weight) => sum + weight, 0) - (weights[5] as number);
      return weights.with(5, isSlow ? (others * share) / (1 - share) : (weights[5] as number) * 0.5);
    };

  it.each([
    { share: 0.7, noise: 0.2 },
    { share: 0.7, noise: 1.8 },
    { share: 0.25, noise: 0.2 },
    { share: 0.25, noise: 1 },
  ])(
    'is named first, and alone, at $share of the samples and noise $noise',
    ({ share, noise }) => {
      let first = 0;
      let alone = 0;
      let covered = 0;
      for (let seed = 1; seed <= 40; seed++) {
        const found = whenSlow(draw(seed, planted(share, noise)));
        const names = namesOf(found);
        if (names[0] === 'handler5') first++;
        if (names.length === 1) alone++;
        const [lead] = found.functions;
        // What was planted: the other weights are 34 together, half of its own is 1.
        const truth = share / (1 / 35);
        if (lead !== undefined && lead.liftLow <= truth && truth <= lead.liftHigh) covered++;
      }
      expect(first).toBeGreaterThanOrEqual(38);
      expect(alone).toBeGreaterThanOrEqual(36);
      expect(covered).toBeGreaterThanOrEqual(36);
    },
    60_000,
  );
});

describe('what cannot be told is told', () => {
  const slices = (isSlow: (index: number) => boolean, change: Partial<DrawnSlice> = {}, count = SLICES) =>
    Array.from({ length: count }, (_, index) => ({
      isSlow: isSlow(index),
      requests: 400,
      samples: 40,
      weights: even,
      ...change,
    }));
  const judged = (drawn: readonly DrawnSlice[], change: object = {}) =>
    whenSlow(slicedRun({ slices: drawn, random: seededRandom(1), ...change }));

  it('of a run without a profiled phase, or without slices', () => {
    expect(whenSlow(syntheticEvidence({ phases: ['warm-up', 'clean'] }))).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The run has no profiled phase.',
    });
    expect(whenSlow(syntheticEvidence())).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The run has no latency by slices of time.',
    });
  });

  it('where it was never slow, and where it was slow too seldom', () => {
    expect(judged(slices(() => false))).toMatchObject({
      verdict: 'none',
      functions: [],
      slices: { slow: 0 },
    });
    const seldom = judged(slices((index) => index === 50 || index === 120));
    expect(seldom.verdict).toBe('insufficient-data');
    expect(seldom.reason).toMatch(/^It was slow 2 times in \d+ slices of 100 ms, and 4 times are needed/);
  });

  it('where a second has too few requests, or the profile too few samples', () => {
    expect(judged(slices((index) => index % 10 === 0, { requests: 8 })).reason).toMatch(
      /fewer than 100 requests/,
    );
    expect(judged(slices((index) => index % 10 === 0, { samples: 0 })).reason).toMatch(/5 CPU samples/);
  });

  it('where the samples have another clock than the run', () => {
    const { verdict, reason } = judged(
      slices((index) => index % 10 === 0),
      { clockErrorMs: 5_000 },
    );
    expect(verdict).toBe('insufficient-data');
    expect(reason).toMatch(/clocks of lab and tracker differ/);
  });

  it('where no profile gives its samples a time: conditions are compared all the same', () => {
    const slow = slices((index) => index % 10 === 0);
    const found = judged(slow, { withoutProfile: true });
    expect(found.verdict).toBe('insufficient-data');
    expect(found.reason).toMatch(/^It was slow in \d+ of \d+ slices of 100 ms\. No function can be named/);
    expect(found.conditions.map(({ name }) => name)).toContain('CPU, user');
    const go = judged(slow, { withoutProfile: true, synthetic: { target: { runtime: 'go1.24.4' } } });
    expect(go.reason).toMatch(/samples of Go's CPU profile have no time/);
  });

  it('joins slices until there are requests enough in each', () => {
    const joined = judged(slices((index) => index % 20 < 2, { requests: 40, samples: 4 }, 2 * SLICES));
    expect(joined.slices?.sliceMs).toBe(500);
  });
});

describe('a condition', () => {
  it('that is worse when it is slow is told with its ratio, and others are not', () => {
    const isSlow = (atMs: number) => Math.floor((atMs - 16_000) / 500) % 2 === 0;
    const drawn = Array.from({ length: 60 }, (_, index) => ({
      isSlow: index % 10 < 4,
      requests: 400,
      samples: 40,
      weights: even,
    }));
    let gcMs = 0;
    const found = whenSlow(
      slicedRun({
        slices: drawn,
        random: seededRandom(1),
        synthetic: {
          runtime(row) {
            // A row stands at the end of its interval.
            gcMs += isSlow(row.atMs - 250) ? 60 : 10;
            return { gc: { ...row.gc, major: { count: 0, ms: gcMs } } };
          },
        },
      }),
    );
    expect(found.verdict).toBe('found');
    const gc = found.conditions.find(({ name }) => name === 'garbage collection');
    expect(gc?.differs).toBe(true);
    expect(gc?.ratioLow).toBeGreaterThan(1);
    expect(found.conditions.filter(({ differs }) => differs).map(({ name }) => name)).toEqual([
      'garbage collection',
    ]);
  });
});
