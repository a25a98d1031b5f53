import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';

interface ReadSample {
  /** `name file:line`, leaf first. */
  readonly stack: readonly string[];
  readonly values: readonly number[];
  readonly thread: string | undefined;
}

export interface ReadProfile {
  readonly types: readonly string[];
  readonly defaultType: string;
  readonly durationNanos: number;
  readonly period: number;
  readonly samples: readonly ReadSample[];
}

export function readPprofFile(file: string): ReadProfile {
  return readPprof(Profile.decode(gunzipSync(readFileSync(file))));
}

/** A profile with its tables resolved. */
export function readPprof(profile: Profile): ReadProfile {
  const text = (index: number | bigint) => profile.stringTable.strings[Number(index)] as string;
  const functions = new Map(profile.function.map((entry) => [Number(entry.id), entry]));
  const frames = new Map(
    profile.location.map((location) => {
      const line = location.line[0];
      const entry = functions.get(Number(line?.functionId));
      return [
        Number(location.id),
        `${text(entry?.name ?? 0)} ${text(entry?.filename ?? 0)}:${Number(line?.line)}`,
      ];
    }),
  );
  return {
    types: profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`),
    defaultType: text(profile.defaultSampleType),
    durationNanos: Number(profile.durationNanos),
    period: Number(profile.period),
    samples: profile.sample.map((sample) => ({
      stack: sample.locationId.map((id) => frames.get(Number(id)) as string),
      values: sample.value.map(Number),
      thread: sample.label.filter(({ key }) => text(key) === 'thread').map(({ str }) => text(str))[0],
    })),
  };
}

/** Leaves by the sum of one value, most costly first. */
export function topLeaves(
  profile: ReadProfile,
  type: string,
  thread?: string,
): [leaf: string, value: number][] {
  const index = profile.types.indexOf(type);
  const sums = new Map<string, number>();
  for (const sample of profile.samples) {
    if (thread !== undefined && sample.thread !== thread) continue;
    const leaf = sample.stack[0] as string;
    sums.set(leaf, (sums.get(leaf) ?? 0) + (sample.values[index] as number));
  }
  return [...sums].sort((a, b) => b[1] - a[1]);
}
