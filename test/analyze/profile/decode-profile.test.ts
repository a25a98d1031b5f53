import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { bytesField, encodePprof, field, numberField, type PprofParts, soundParts } from './encode-pprof.ts';

function decoded(bytes: Uint8Array): Profile {
  const result = decodeProfile(bytes, { fileName: 'cpu.pb.gz' });
  if (!result.ok) throw result.problem;
  return result.profile;
}

function stacksOf(profile: Profile): string[] {
  return Array.from({ length: profile.sampleCount }, (_, sample) =>
    Array.from(
      profile.stackFrames.subarray(profile.stackStart[sample], profile.stackStart[sample + 1]),
      (index) => {
        const frame = profile.frames[index];
        return `${frame?.functionName} ${frame?.file}:${frame?.line}${frame?.inlined ? ' inlined' : ''}`;
      },
    ).join(' < '),
  );
}

describe('decodeProfile', () => {
  test('reads stacks leaf first and expands inlined lines', () => {
    expect(stacksOf(decoded(encodePprof()))).toEqual([
      'encode src/encode.ts:7 < main src/main.ts:5',
      'encode src/encode.ts:8 inlined < main src/main.ts:6',
    ]);
  });

  test('reads the values of every type by sample', () => {
    const profile = decoded(encodePprof());
    expect(profile.valueTypes).toEqual([
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ]);
    expect(profile.values.map((column) => [...column])).toEqual([
      [1, 2],
      [1_000_000, 2_000_000],
    ]);
    expect(profile.sampleCount).toBe(2);
  });

  test('reads a gzipped file and a plain one alike', () => {
    expect(decoded(gzipSync(encodePprof()))).toEqual(decoded(encodePprof()));
  });

  test('reads bytes that are a part of a larger buffer', () => {
    const whole = Buffer.concat([Buffer.alloc(13, 0xff), gzipSync(encodePprof()), Buffer.alloc(9, 0xff)]);
    expect(decoded(whole.subarray(13, whole.length - 9))).toEqual(decoded(encodePprof()));
  });

  test('takes the last value type as the default unless the file names one', () => {
    expect(decoded(encodePprof()).defaultValueIndex).toBe(1);
    const named = encodePprof({ extra: numberField(field.profile.defaultSampleType, 1) });
    expect(decoded(named).defaultValueIndex).toBe(0);
    const unknown = encodePprof({ extra: numberField(field.profile.defaultSampleType, 5) });
    expect(decoded(unknown).defaultValueIndex).toBe(1);
  });

  test('reads time, duration and period, and 0 where the file does not tell', () => {
    const bare = decoded(encodePprof());
    expect([bare.timeNs, bare.durationNs, bare.period, bare.periodType]).toEqual([0, 0, 0, null]);
    const told = decoded(
      encodePprof({
        extra: [
          ...numberField(field.profile.timeNanos, 1_700_000_000_000_000_000n),
          ...numberField(field.profile.durationNanos, 30_000_000_000),
          ...bytesField(field.profile.periodType, [...numberField(1, 3), ...numberField(2, 4)]),
          ...numberField(field.profile.period, 10_000_000),
        ],
      }),
    );
    expect(told).toMatchObject({
      timeNs: 1.7e18,
      durationNs: 3e10,
      period: 1e7,
      periodType: { type: 'cpu', unit: 'nanoseconds' },
    });
  });

  test.each([
    [0n, 0],
    [-1n, -1],
    [-128n, -128],
    [2n ** 28n, 2 ** 28],
    [2n ** 53n - 1n, 2 ** 53 - 1],
    [-(2n ** 53n - 1n), -(2 ** 53 - 1)],
    [-(2n ** 56n), -(2 ** 56)],
    [2n ** 63n - 1n, 2 ** 63],
    [-(2n ** 63n), -(2 ** 63)],
  ])('reads the value %s as %s', (value, expected) => {
    const samples = [{ locations: [10], values: [1, value] }];
    expect(decoded(encodePprof({ samples })).values[1]?.[0]).toBe(expected);
  });

  test('reads numbers that are not packed, and a sample whose fields are interleaved', () => {
    const sample = [
      ...numberField(field.sample.value, 3),
      ...numberField(field.sample.locationId, 20),
      ...bytesField(field.sample.label, numberField(1, 1)),
      ...numberField(field.sample.value, -4),
      ...numberField(field.sample.locationId, 10),
    ];
    const profile = decoded(encodePprof({ samples: [], extra: bytesField(field.profile.sample, sample) }));
    expect(stacksOf(profile)).toEqual(['encode src/encode.ts:7 < main src/main.ts:5']);
    expect(profile.values.map((column) => [...column])).toEqual([[3], [-4]]);
  });

  test('finds locations by ids far apart', () => {
    const [, second, third] = soundParts.locations;
    const far = 2 ** 52 + 1;
    const parts = {
      samples: [{ locations: [20, far], values: [1, 1] }],
      locations: [{ id: far, lines: [[1, 5]] }, second, third],
    } as PprofParts;
    expect(stacksOf(decoded(encodePprof(parts)))).toEqual(['encode src/encode.ts:7 < main src/main.ts:5']);
  });

  test('makes one frame of a function and line that stand at several addresses', () => {
    const locations: PprofParts['locations'] = [
      { id: 10, lines: [[1, 5]] },
      { id: 20, lines: [[1, 5]] },
      { id: 30, lines: [[1, 6]] },
    ];
    expect(decoded(encodePprof({ locations })).frames).toHaveLength(2);
  });

  test('names code without a symbol by its binary, as pprof does', () => {
    const strings = [...soundParts.strings, '/usr/lib/libc.so.6'];
    const locations: PprofParts['locations'] = [
      { id: 10, lines: [] },
      { id: 20, mapping: 1, lines: [] },
      { id: 30, mapping: 1, lines: [] },
    ];
    const profile = decoded(encodePprof({ strings, mappings: [[1, 9]], locations }));
    expect(profile.frames.map((frame) => frame.functionName)).toEqual(['<unknown>', '[libc.so.6]']);
  });

  test('reads a profile without samples', () => {
    const profile = decoded(encodePprof({ samples: [] }));
    expect(profile.sampleCount).toBe(0);
    expect([...profile.stackStart]).toEqual([0]);
  });

  test('skips fields that it does not know, of every wire type', () => {
    const extra = [
      ...numberField(1000, 7),
      ...bytesField(1001, [1, 2, 3]),
      ...[1002 * 8 + 1, 1003 * 8 + 5].flatMap((key, index) => [
        (key & 0x7f) | 0x80,
        key >>> 7,
        ...new Array<number>(index === 0 ? 8 : 4).fill(255),
      ]),
    ];
    expect(stacksOf(decoded(encodePprof({ extra })))).toHaveLength(2);
  });

  test.each([
    ['node-cpu.pb.gz', 'cpu', 'encodePeers', 'v8'],
    ['node26-cpu.pb.gz', 'cpu', 'encodePeers', 'v8'],
    ['node-allocations.pb.gz', 'alloc_space', 'encodePeers', 'v8'],
    ['go-cpu.pb.gz', 'cpu', 'main.serve', 'go'],
    ['go-heap.pb.gz', 'alloc_space', 'main.serve', 'go'],
  ])('reads the real profile %s', (name, valueType, functionName, runtime) => {
    const profile = decoded(readFileSync(path.join(packageRoot, 'test/fixtures/profiles', name)));
    expect(profile.valueTypes.map((type) => type.type)).toContain(valueType);
    const frame = profile.frames.find((candidate) => candidate.functionName === functionName);
    expect(frame).toMatchObject({ runtime, class: 'application' });
    expect(frame?.line).toBeGreaterThan(0);
    expect(profile.stackStart.at(-1)).toBe(profile.stackFrames.length);
  });
});
