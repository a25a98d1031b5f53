import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TopTableOptions } from '../../../src/analyze/profile/top-table.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { encodePprof, type PprofParts } from './encode-pprof.ts';
import { goTop, hasGo, labTop } from './pprof-tool.ts';

const fixtures = path.join(packageRoot, 'test/fixtures/profiles');

const shapes: readonly TopTableOptions[] = [
  { count: 10 },
  { count: 0 },
  { count: 10, sort: 'cum' },
  { count: 25, granularity: 'filefunctions' },
  { count: 25, granularity: 'lines' },
];

/** A profile of functions `f1`, `f2`, … in one file, each sample a stack of their numbers, leaf first. */
function numbered(samples: NonNullable<PprofParts['samples']>, functionCount: number): Uint8Array {
  const numbers = Array.from({ length: functionCount }, (_, index) => index + 1);
  return encodePprof({
    strings: ['', 'cpu', 'nanoseconds', 'src/n.ts', ...numbers.map((number) => `f${number}`)],
    sampleTypes: [[1, 2]],
    samples,
    functions: numbers.map((number) => [number, 3 + number, 3] as const),
    locations: numbers.map((number) => ({ id: number, lines: [[number, number]] as const })),
  });
}

const made: Record<string, Uint8Array> = {
  'negative.pb': numbered(
    [
      { locations: [1, 3], values: [-700_000_000] },
      { locations: [2, 3], values: [500_000_000] },
      { locations: [3], values: [-3] },
      { locations: [4], values: [12_000_000] },
    ],
    4,
  ),
  'recursive.pb': numbered(
    [
      { locations: [1, 2, 1, 2, 3], values: [40] },
      { locations: [2, 1, 1], values: [40] },
      { locations: [], values: [7] },
      { locations: [3], values: [0] },
    ],
    3,
  ),
  'ties.pb': numbered(
    Array.from({ length: 64 }, (_, index) => ({
      locations: [index + 1, 65],
      values: [index % 4 === 0 ? 2 : 1],
    })),
    65,
  ),
  'wide.pb': numbered(
    Array.from({ length: 40 }, (_, index) => ({ locations: [index + 1], values: [2 ** index] })),
    40,
  ),
  'no-samples.pb': numbered([], 1),
};

describe.skipIf(!hasGo)(
  'go tool pprof -top (skipped where Go is not installed) prints what the lab prints',
  () => {
    let directory = '';
    beforeAll(() => {
      directory = mkdtempSync(path.join(tmpdir(), 'pprof-parity-'));
    });
    afterAll(() => {
      rmSync(directory, { recursive: true });
    });

    const real = [
      ['node-cpu.pb.gz', [undefined, 'wall']],
      ['node26-cpu.pb.gz', [undefined, 'wall']],
      ['node26-allocations.pb.gz', [undefined]],
      ['node-allocations.pb.gz', [undefined]],
      ['go-cpu.pb.gz', [undefined, 'samples']],
      ['go-heap.pb.gz', [undefined, 'inuse_objects', 'alloc_objects']],
      ['go-tracker-cpu.pb.gz', [undefined, 'samples']],
      ['go-tracker-allocations.pb.gz', [undefined, 'alloc_objects']],
      ['go-tracker-live-heap.pb.gz', [undefined, 'inuse_objects']],
      ['go-tracker-mutex.pb.gz', [undefined, 'contentions']],
      ['go-tracker-block.pb.gz', [undefined, 'contentions']],
      ['go-tracker-goroutine.pb.gz', [undefined]],
    ] as const;

    for (const [name, valueTypes] of real) {
      test.each(valueTypes)(`of ${name}, value type %s`, (valueType) => {
        for (const shape of shapes) {
          const options = valueType === undefined ? shape : { ...shape, valueType };
          const file = path.join(fixtures, name);
          expect(labTop(file, options), JSON.stringify(options)).toBe(goTop(file, options));
        }
      });
    }

    test.each(Object.keys(made))('of the made profile %s', (name) => {
      const file = path.join(directory, name);
      writeFileSync(file, made[name] ?? new Uint8Array());
      for (const shape of shapes) expect(labTop(file, shape), JSON.stringify(shape)).toBe(goTop(file, shape));
    });
  },
);
