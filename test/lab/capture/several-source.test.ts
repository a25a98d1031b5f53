/** Profiles of several trackers: apart and joined. The sources are scripted; the files are real. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import { topTable } from '../../../src/analyze/profile/top-table.ts';
import { ProfileBuilder } from '../../../src/lab/capture/profile-builder.ts';
import type { CaptureOptions, ProfileSource } from '../../../src/lab/capture/profile-source.ts';
import { severalSource } from '../../../src/lab/capture/several-source.ts';
import { writeWhole } from '../../../src/lab/capture/write-profiles.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'several-source-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

type Costs = Readonly<Record<string, number>>;

/** Nanoseconds of CPU by function, all called by `serve`. */
function profileOf(costs: Costs, unit = 'nanoseconds'): Uint8Array {
  const builder = new ProfileBuilder({
    valueTypes: [['cpu', unit]],
    defaultType: 'cpu',
    periodType: ['cpu', unit],
    period: 1000,
  });
  const caller = builder.location({ name: 'serve', file: 'serve.c', line: 1 });
  for (const [name, cost] of Object.entries(costs)) {
    builder.add([builder.location({ name, file: `${name}.c`, line: 2 }), caller], [cost], 'main', 7);
  }
  return gzipSync(builder.build(1e9, 2e9).encode());
}

function scripted(bytes: Uint8Array | null, slices: readonly [number, number]): ProfileSource {
  const missing = bytes === null ? [{ kind: 'cpu' as const, reason: 'it is shy' }] : [];
  return {
    name: 'scripted',
    kinds: ['cpu'],
    start: () => Promise.resolve(missing),
    async stop({ phase, directory: own }: CaptureOptions) {
      if (bytes === null) return { files: [], missing: [] };
      await writeWhole(path.join(own, 'cpu.pb.gz'), bytes);
      await writeWhole(path.join(own, 'cpu-slices.pb.gz'), bytes);
      return {
        files: [
          {
            kind: 'cpu',
            file: 'cpu.pb.gz',
            source: 'a script',
            phase,
            durationNs: 2e9,
            threads: ['main'],
            interval: { value: 1, unit: 'microseconds' },
            slices: { file: 'cpu-slices.pb.gz', sliceMs: 100, firstSlice: slices[0], lastSlice: slices[1] },
          },
        ],
        missing: [],
      };
    },
  };
}

const [one, two] = ['udp://127.0.0.1:1', 'udp://127.0.0.1:2'] as const;
const options = (): CaptureOptions => ({ phase: 'profiled', directory, durationMs: 2000 });

function flatOf(file: string): Record<string, number> {
  const decoded = decodeProfile(readFileSync(path.join(directory, file)), { fileName: file });
  if (!decoded.ok) throw decoded.problem;
  return Object.fromEntries(topTable(decoded.profile).rows.map((row) => [row.functionName, row.flat]));
}

describe('the profiles of several trackers', () => {
  it('are a file of each one, and one of all in which equal functions are added up and every sample says whose it is', async () => {
    const source = severalSource([
      { address: one, source: scripted(profileOf({ hash: 30, send: 10 }), [1, 8]) },
      { address: two, source: scripted(profileOf({ hash: 5, parse: 40 }), [3, 9]) },
    ]);
    expect(await source.start(options())).toEqual([]);
    const { files, missing, members } = await source.stop(options());
    expect(missing).toEqual([]);
    expect(flatOf('cpu.pb.gz')).toEqual({ parse: 40, hash: 35, send: 10, serve: 0 });
    expect(flatOf('cpu-member-1.pb.gz')).toEqual({ hash: 30, send: 10, serve: 0 });
    expect(flatOf('cpu-member-2.pb.gz')).toEqual({ parse: 40, hash: 5, serve: 0 });
    const [joined] = files;
    expect(joined).toMatchObject({ file: 'cpu.pb.gz', threads: [`main of ${one}`, `main of ${two}`] });
    expect(joined?.slices).toEqual({ file: 'cpu-slices.pb.gz', sliceMs: 100, firstSlice: 3, lastSlice: 8 });
    expect(members?.map((member) => member.files.map(({ file, slices }) => [file, slices]))).toEqual([
      [['cpu-member-1.pb.gz', undefined]],
      [['cpu-member-2.pb.gz', undefined]],
    ]);
    expect(readdirSync(directory).sort()).toEqual([
      'cpu-member-1.pb.gz',
      'cpu-member-2.pb.gz',
      'cpu-slices.pb.gz',
      'cpu.pb.gz',
    ]);

    const profile = Profile.decode(gunzipSync(readFileSync(path.join(directory, 'cpu.pb.gz'))));
    const text = (index: number | bigint) => profile.stringTable.strings[Number(index)];
    const labels = profile.sample.map(({ label }) =>
      label.map(({ key, str, num }) => [text(key), text(str), Number(num)]),
    );
    expect(labels[0]).toEqual([
      ['thread', 'main', 0],
      ['slice', '', 7],
      ['tracker', one, 0],
    ]);
    expect(labels.at(-1)).toContainEqual(['tracker', two, 0]);
    expect(Number(profile.durationNanos)).toBe(2e9);
  });

  it('are joined of those that have one, and the reason says of whom it lacks', async () => {
    const source = severalSource([
      { address: one, source: scripted(profileOf({ hash: 30 }), [1, 8]) },
      { address: two, source: scripted(null, [1, 8]) },
    ]);
    expect(await source.start(options())).toEqual([{ kind: 'cpu', reason: `${two}: it is shy` }]);
    const { files, members } = await source.stop(options());
    expect(files.map(({ file }) => file)).toEqual(['cpu.pb.gz']);
    expect(flatOf('cpu.pb.gz')).toEqual({ hash: 30, serve: 0 });
    expect(members?.map((member) => member.files.length)).toEqual([1, 0]);
    expect(members?.[1]?.missing).toEqual([{ kind: 'cpu', reason: 'it is shy' }]);
  });

  it('that measure different things stay apart, and it is told why', async () => {
    const source = severalSource([
      { address: one, source: scripted(profileOf({ hash: 30 }), [1, 8]) },
      { address: two, source: scripted(profileOf({ hash: 30 }, 'count'), [1, 8]) },
    ]);
    await source.start(options());
    const { files, missing, members } = await source.stop(options());
    expect(files).toEqual([]);
    expect(missing[0]?.reason).toContain(`${two} has the value types cpu/count, not cpu/nanoseconds`);
    expect(members?.map((member) => member.files.length)).toEqual([1, 1]);
  });
});
