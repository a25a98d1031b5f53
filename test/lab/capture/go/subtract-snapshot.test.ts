import fc from 'fast-check';
import { Label, Profile } from 'pprof-format';
import { describe, expect, test } from 'vitest';
import {
  keepValues,
  subtractLevels,
  subtractSnapshot,
} from '../../../../src/lab/capture/go/subtract-snapshot.ts';
import { contentionTypes, countersOf, heapTypes, snapshotOf, stacksOf } from './counters.ts';

type Stacks = Readonly<Record<string, readonly number[]>>;

function difference(end: Stacks, base: Stacks): Record<string, number[]> | string {
  const result = subtractSnapshot(snapshotOf(countersOf(end)), snapshotOf(countersOf(base)), contentionTypes);
  return result.ok ? stacksOf(result.profile) : result.reason;
}

describe('the difference of two snapshots', () => {
  test('is what each stack gained, whatever its number in the file', () => {
    const base = { 'lock < announce': [2, 200], 'lock < scrape': [1, 100] };
    const end = { 'lock < expire': [4, 40], 'lock < scrape': [1, 100], 'lock < announce': [5, 900] };
    expect(difference(end, base)).toEqual({ 'lock < announce': [3, 700], 'lock < expire': [4, 40] });
  });

  test('has no sample where nothing was gained', () => {
    expect(difference({ lock: [2, 20] }, { lock: [2, 20] })).toEqual({});
    expect(difference({}, {})).toEqual({});
  });

  test('added to the base gives the end', () => {
    const stack = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });
    const counters = fc.dictionary(
      stack.map((names) => names.join(' < ')),
      fc.tuple(fc.nat(1e6), fc.nat(1e9)),
    );
    fc.assert(
      fc.property(counters, counters, (base, gain) => {
        const end: Record<string, number[]> = {};
        for (const part of [base, gain]) {
          for (const [name, values] of Object.entries(part)) {
            end[name] = values.map((value, index) => value + (end[name]?.[index] ?? 0));
          }
        }
        const gained = Object.entries(gain).filter(([, values]) => values.some((value) => value > 0));
        expect(difference(end, base)).toEqual(Object.fromEntries(gained));
      }),
      { numRuns: 200 },
    );
  });

  test('keeps counters exact beyond 2^53', () => {
    const large = (value: bigint): Profile => {
      const profile = countersOf({ lock: [0, 0] });
      for (const sample of profile.sample) sample.value = [1n, value];
      return Profile.decode(profile.encode());
    };
    const [end, base] = [snapshotOf(large(2n ** 62n + 3n)), snapshotOf(large(2n ** 62n))];
    const result = subtractSnapshot(end, base, ['delay']);
    expect(result.ok && result.profile.sample.map(({ value }) => value)).toEqual([[3n]]);
  });

  test('takes stacks with other labels for other counters', () => {
    const sized = (small: number, large: number): Profile => {
      const profile = countersOf({ 'make < announce': [small, small], 'make < scrape': [large, large] });
      const key = profile.stringTable.dedup('bytes');
      const [first, second] = profile.sample;
      if (first === undefined || second === undefined) throw new Error('two samples');
      first.label = [new Label({ key, num: 16 })];
      second.label = [new Label({ key, num: 64 })];
      second.locationId = first.locationId;
      return profile;
    };
    const result = subtractSnapshot(snapshotOf(sized(5, 9)), snapshotOf(sized(5, 2)), contentionTypes);
    expect(result.ok && result.profile.sample.map(({ label, value }) => [label[0]?.num, value])).toEqual([
      [64, [7n, 7n]],
    ]);
  });

  test('spans from the first snapshot to the second and keeps names, files and lines', () => {
    const name = 'main.(*Set[go.shape.int]).add·dwrap·1';
    const end = countersOf({ [name]: [3, 30] }, { timeNanos: 5e9 });
    const base = countersOf({ [name]: [1, 10] }, { timeNanos: 2e9 });
    const result = subtractSnapshot(snapshotOf(end), snapshotOf(base), contentionTypes);
    if (!result.ok) throw new Error(result.reason);
    const read = Profile.decode(result.profile.encode());
    expect(Number(read.timeNanos)).toBe(2e9);
    expect(Number(read.durationNanos)).toBe(3e9);
    expect(stacksOf(read)).toEqual({ [name]: [2, 20] });
    expect(read.function).toEqual(Profile.decode(end.encode()).function);
    expect(read.location).toEqual(Profile.decode(end.encode()).location);
  });

  test('is refused where a counter fell or vanished', () => {
    const anew = /started anew/;
    expect(difference({ lock: [1, 10] }, { lock: [2, 20] })).toMatch(anew);
    expect(difference({ lock: [3, 10] }, { lock: [2, 20] })).toMatch(anew);
    expect(difference({ other: [9, 90] }, { lock: [2, 20] })).toMatch(anew);
  });

  test('is refused where the sampling rate changed', () => {
    const [end, base] = [countersOf({}, { period: 4096 }), countersOf({}, { period: 512 })];
    expect(subtractSnapshot(snapshotOf(end), snapshotOf(base), contentionTypes)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/sampling rate/),
    });
  });
});

describe('the difference of two levels', () => {
  const types = ['inuse_objects', 'inuse_space'];
  const levels = (end: Stacks, base: Stacks): Record<string, number[]> | string => {
    const [after, before] = [end, base].map((stacks) => snapshotOf(countersOf(stacks, { types: heapTypes })));
    if (after === undefined || before === undefined) throw new Error('two snapshots');
    const result = subtractLevels(after, before, types);
    return result.ok ? stacksOf(Profile.decode(result.profile.encode())) : result.reason;
  };

  test('is below 0 where less is in use, and has no sample where nothing changed', () => {
    const base = { grown: [1, 10, 1, 10], freed: [4, 40, 4, 40], kept: [2, 20, 2, 20] };
    const end = { grown: [5, 50, 3, 30], freed: [9, 90, 0, 0], kept: [7, 70, 2, 20], fresh: [1, 8, 1, 8] };
    expect(levels(end, base)).toEqual({ grown: [2, 20], freed: [-4, -40], fresh: [1, 8] });
  });

  test('is refused where a stack that held something is gone: Go forgets none', () => {
    expect(levels({ other: [1, 1, 1, 1] }, { lost: [1, 1, 1, 1] })).toMatch(/started anew/);
  });
});

describe('a snapshot with some of its value types', () => {
  const heap = countersOf(
    { 'make < announce': [9, 900, 2, 200], 'make < scrape': [7, 700, 0, 0] },
    { types: heapTypes },
  );

  test('has only stacks with something of them, and the last type as its default', () => {
    const kept = keepValues(snapshotOf(heap), ['inuse_objects', 'inuse_space']);
    if (!kept.ok) throw new Error(kept.reason);
    const read = Profile.decode(kept.profile.encode());
    expect(stacksOf(read)).toEqual({ 'make < announce': [2, 200] });
    expect(read.stringTable.strings[Number(read.defaultSampleType)]).toBe('inuse_space');
  });

  test('is refused where it has others', () => {
    expect(keepValues(snapshotOf(heap), ['goroutine'])).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/alloc_objects.*not goroutine/),
    });
  });
});
