import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSnapshot } from '../../../../src/lab/capture/go/read-snapshot.ts';
import { packageRoot } from '../../../../src/package-root.ts';
import { bytesField, encodePprof, soundParts, varint } from '../../../analyze/profile/encode-pprof.ts';

const real = readFileSync(path.join(packageRoot, 'test/fixtures/profiles/go-heap.pb.gz'));

describe('an answer of a pprof endpoint', () => {
  test('is read with its value types, gzipped or not', async () => {
    for (const bytes of [real, gunzipSync(real)]) {
      const reading = await readSnapshot(bytes);
      if (!reading.ok) throw new Error(reading.reason);
      expect(reading.snapshot.valueTypes).toEqual([
        'alloc_objects',
        'alloc_space',
        'inuse_objects',
        'inuse_space',
      ]);
      expect(reading.snapshot.profile.sample.length).toBeGreaterThan(10);
    }
  });

  const hostile: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['nothing', new Uint8Array()],
    ['a page of HTML', Buffer.from('<!doctype html><title>Welcome</title>')],
    ['JSON', Buffer.from('{"status":"ok"}')],
    ['a gzip of text', gzipSync('no profile here')],
    ['a broken gzip', real.subarray(0, 200)],
    ['a profile cut off', gunzipSync(real).subarray(0, -3)],
    ['no value types', encodePprof({ ...soundParts, sampleTypes: [] })],
    ['a value type without a name', encodePprof({ ...soundParts, sampleTypes: [[99, 2]] })],
    [
      'a sample without a value of each type',
      encodePprof({ ...soundParts, samples: [{ locations: [1], values: [1] }] }),
    ],
    ['a number without end', Uint8Array.from(bytesField(2, new Array(5_000_000).fill(0xff)))],
    ['a length beyond the end', Uint8Array.from([2 * 8 + 2, ...varint(2n ** 40n)])],
  ];
  test.each(hostile)('that is %s is no profile', async (_, bytes) => {
    expect(await readSnapshot(bytes)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^the answer is no pprof profile \(.+\)$/),
    });
  });

  test('never throws, whatever its bytes are', async () => {
    const sound = gunzipSync(real).subarray(0, 4000);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(sound.length - 1), fc.nat(255)).map(([at, value]) => {
        const changed = Uint8Array.from(sound);
        changed[at] = value;
        return changed;
      }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (input) => {
        const reading = await readSnapshot(input);
        expect(reading.ok || reading.reason.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
