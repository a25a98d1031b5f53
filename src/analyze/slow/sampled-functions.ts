/** Counts a profile's samples by slice of time and function. Pure. */
import { chargedTo } from '../profile/charged-table.ts';
import type { Profile } from '../profile/profile.ts';

interface SampledFunction {
  readonly functionName: string;
  readonly file: string;
  /** Of its first sample; 0 where unknown. */
  readonly line: number;
}

/**
 * Samples by slice. A sample counts once for each function of the application or a library on its stack, and for the row that it
 * is charged to, such as `Garbage Collection`.
 */
export interface SampledFunctions {
  readonly functions: readonly SampledFunction[];
  /** All samples of a slice. */
  readonly samples: ReadonlyMap<number, number>;
  readonly hits: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** By function, over all slices: those that are charged to it. */
  readonly charged: ReadonlyMap<number, number>;
}

/** Of a profile with a slice as label; samples without one are left out. */
export function sampledFunctions(profile: Profile): SampledFunctions {
  const functions: SampledFunction[] = [];
  const ids = new Map<string, number>();
  const samples = new Map<number, number>();
  const hits = new Map<number, Map<number, number>>();
  const charged = new Map<number, number>();

  function idOf(functionName: string, file: string, line: number): number {
    const key = `${functionName}\0${file}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, functions.length);
    functions.push({ functionName, file, line });
    return functions.length - 1;
  }

  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const slice = profile.labels?.[sample] ?? Number.NaN;
    // The first value is the number of samples, whatever the profiler.
    const count = profile.values[0]?.[sample] ?? 0;
    const row = chargedTo(profile, sample);
    if (Number.isNaN(slice) || count === 0 || row === null) continue;
    samples.set(slice, (samples.get(slice) ?? 0) + count);
    const found = new Set<number>();
    const start = profile.stackStart[sample] as number;
    const end = profile.stackStart[sample + 1] as number;
    let line = 0;
    for (let at = start; at < end; at++) {
      const frame = profile.frames[profile.stackFrames[at] as number];
      if (frame === undefined) continue;
      if (line === 0 && frame.functionName === row.functionName) line = frame.line;
      if (frame.class === 'application' || frame.class === 'library') {
        found.add(idOf(frame.functionName, frame.file, frame.line));
      }
    }
    const own = idOf(row.functionName, row.file, line);
    found.add(own);
    charged.set(own, (charged.get(own) ?? 0) + count);
    const ofSlice = hits.get(slice) ?? new Map<number, number>();
    hits.set(slice, ofSlice);
    for (const id of found) ofSlice.set(id, (ofSlice.get(id) ?? 0) + count);
  }
  return { functions, samples, hits, charged };
}
