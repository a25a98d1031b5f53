import { Profile } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import { encodeFrameName, mergeProfiles } from '../../../src/lab/capture/merge-profiles.ts';
import { ProfileBuilder } from '../../../src/lab/capture/profile-builder.ts';
import { readPprof } from './read-pprof.ts';

type Stack = readonly [stack: readonly string[], values: readonly number[]];

/** A thread's profile; frames are `name file:line`, leaf first. */
function pprof(stacks: readonly Stack[], type = 'cpu'): Uint8Array {
  const builder = new ProfileBuilder({
    valueTypes: [
      ['sample', 'count'],
      [type, 'nanoseconds'],
    ],
    defaultType: type,
    periodType: ['wall', 'nanoseconds'],
    period: 1_000_000,
  });
  for (const [stack, values] of stacks) {
    builder.add(
      stack.map((frame) => builder.location(frameFrom(frame))),
      values,
      null,
    );
  }
  return builder.build(5e9, 2e9).encode();
}

function frameFrom(text: string) {
  const [, name, file, line] = /^(\S+) (\S*):(\d+)$/.exec(text) as unknown as [
    string,
    string,
    string,
    string,
  ];
  return { name, file, line: Number(line) };
}

const merged = (threads: { thread: string; bytes: Uint8Array }[]) =>
  readPprof(Profile.decode(mergeProfiles(threads).encode()));

describe('the profiles of threads', () => {
  it('are added up by stack, each thread by itself', () => {
    const result = merged([
      {
        thread: 'main',
        bytes: pprof([
          [
            ['leaf a.ts:1', 'root a.ts:9'],
            [1, 10],
          ],
          [['root a.ts:9'], [2, 20]],
        ]),
      },
      {
        thread: 'worker 1',
        bytes: pprof([
          [
            ['leaf a.ts:1', 'root a.ts:9'],
            [4, 40],
          ],
        ]),
      },
    ]);
    expect(result.types).toEqual(['sample/count', 'cpu/nanoseconds']);
    expect(result).toMatchObject({ defaultType: 'cpu', durationNanos: 2e9, period: 1_000_000 });
    expect(result.samples).toEqual([
      { stack: ['leaf a.ts:1', 'root a.ts:9'], values: [1, 10], thread: 'main' },
      { stack: ['root a.ts:9'], values: [2, 20], thread: 'main' },
      { stack: ['leaf a.ts:1', 'root a.ts:9'], values: [4, 40], thread: 'worker 1' },
    ]);
  });

  it('become one sample where a thread has a stack twice', () => {
    const bytes = pprof([
      [['a x.ts:1'], [1, 10]],
      [['b x.ts:2'], [1, 5]],
      [['a x.ts:1'], [2, 30]],
    ]);
    expect(merged([{ thread: 'main', bytes }]).samples.map(({ values }) => values)).toEqual([
      [3, 40],
      [1, 5],
    ]);
  });

  it('keep functions of one name apart by file and line', () => {
    const bytes = pprof([
      [['get a.ts:1'], [1, 1]],
      [['get a.ts:7'], [1, 1]],
      [['get b.ts:1'], [1, 1]],
    ]);
    expect(merged([{ thread: 'main', bytes }]).samples.map(({ stack }) => stack[0])).toEqual([
      'get a.ts:1',
      'get a.ts:7',
      'get b.ts:1',
    ]);
  });

  it('take a frame out of a name that carries it', () => {
    const builder = new ProfileBuilder({
      valueTypes: [['cpu', 'nanoseconds']],
      defaultType: 'cpu',
      periodType: ['wall', 'nanoseconds'],
      period: 1,
    });
    const name = encodeFrameName({ name: 'get', file: 'src/b.ts', line: 12 });
    builder.add([builder.location({ name, file: 'src/a.ts', line: 3 })], [1], null);
    const bytes = builder.build(0, 0).encode();
    expect(merged([{ thread: 'main', bytes }]).samples[0]?.stack).toEqual(['get src/b.ts:12']);
  });

  it('cannot be added up where they measure different things, or are none', () => {
    const cpu = pprof([]);
    const wall = pprof([], 'wall');
    const both = [
      { thread: 'main', bytes: cpu },
      { thread: 'worker 1', bytes: wall },
    ];
    expect(() => mergeProfiles(both)).toThrow('worker 1 has the value types');
    expect(() => mergeProfiles([])).toThrow('no profile');
  });
});
