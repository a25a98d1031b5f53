import { type Location, Profile, Sample } from 'pprof-format';
import type { Snapshot } from './read-snapshot.ts';

/** A profile made of snapshots, or why there is none. */
export type Derived =
  | { readonly ok: true; readonly profile: Profile }
  | { readonly ok: false; readonly reason: string };

/**
 * What a profile of counters gained between two snapshots of one process, stack by stack.
 *
 * Go's endpoint subtracts by itself where it is asked for `?seconds=N`, and that is not used: it fixes the end of the
 * phase before it has begun, an older Go ignores the parameter without a word and answers with the whole of the process's
 * life, and a server's WriteTimeout cuts it off. Two snapshots taken when the phase begins and ends have none of it, and
 * the sums are the same: Go adds a merge of one profile with the negative of the other.
 *
 * The addresses of code are those of one process, so a stack is its addresses and what was inlined there. Go un-samples
 * its heap counters by a factor that depends on the rate and the object's size, both of which belong to the stack, so
 * that the difference of two un-sampled counters is the un-sampled difference.
 *
 * Everything but the samples is that of `end`: names, files, mappings, period. Stacks without a gain are left out.
 *
 * @param types - the value types to keep, by name; all have to be counters that never fall
 */
export function subtractSnapshot(end: Snapshot, base: Snapshot, types: readonly string[]): Derived {
  return subtract(end, base, types, { mayFall: false });
}

/**
 * The same of values that rise and fall, as what is in use: a stack that holds less at the end has a value below 0, as
 * `go tool pprof -diff_base` has it. Left out are only those that stayed as they were.
 *
 * Go forgets no record of its heap profile, so a stack that is gone is another program's.
 */
export function subtractLevels(end: Snapshot, base: Snapshot, types: readonly string[]): Derived {
  return subtract(end, base, types, { mayFall: true });
}

function subtract(
  end: Snapshot,
  base: Snapshot,
  types: readonly string[],
  { mayFall }: { readonly mayFall: boolean },
): Derived {
  if (BigInt(end.profile.period) !== BigInt(base.profile.period)) {
    return { ok: false, reason: 'the program changed its sampling rate during the phase' };
  }
  const kept = pickValues(end, types);
  const keptBase = pickValues(base, types);
  if (!kept.ok) return kept;
  if (!keptBase.ok) return keptBase;
  const before = valuesByStack(keptBase.profile);
  const samples: Sample[] = [];
  for (const [stack, sample] of valuesByStack(kept.profile)) {
    const gained = sample.value.map(
      (value, index) => BigInt(value) - BigInt(before.get(stack)?.value[index] ?? 0),
    );
    before.delete(stack);
    if (!mayFall && gained.some((value) => value < 0n)) return restarted;
    if (gained.some((value) => value !== 0n)) {
      samples.push(new Sample({ locationId: sample.locationId, label: sample.label, value: gained }));
    }
  }
  if ([...before.values()].some(hasValue)) return restarted;
  kept.profile.sample = samples;
  // As in a profile of a span: the time of its start.
  kept.profile.timeNanos = base.profile.timeNanos;
  kept.profile.durationNanos = BigInt(end.profile.timeNanos) - BigInt(base.profile.timeNanos);
  return kept;
}

const restarted: Derived = {
  ok: false,
  reason: 'its counters fell during the phase: the program was started anew, or another one answers',
};

/**
 * A snapshot with some of its value types, the last of them shown first by viewers. Stacks that have nothing of these
 * types are left out.
 */
export function keepValues(snapshot: Snapshot, types: readonly string[]): Derived {
  const picked = pickValues(snapshot, types);
  if (picked.ok) picked.profile.sample = picked.profile.sample.filter(hasValue);
  return picked;
}

function pickValues({ profile, valueTypes }: Snapshot, types: readonly string[]): Derived {
  const indices = types.map((type) => valueTypes.indexOf(type));
  if (indices.includes(-1)) {
    const reason = `it has the value types ${valueTypes.join(', ')} and not ${types.join(', ')}: no profile of Go's`;
    return { ok: false, reason };
  }
  const sampleType = indices.map((index) => at(profile.sampleType, index));
  const sample = profile.sample.map(
    (one) => new Sample({ ...one, value: indices.map((index) => at(one.value, index)) }),
  );
  const defaultSampleType = sampleType.at(-1)?.type ?? 0;
  return { ok: true, profile: new Profile({ ...profile, sampleType, sample, defaultSampleType }) };
}

function hasValue(sample: Sample): boolean {
  return sample.value.some((value) => BigInt(value) !== 0n);
}

/** Samples of one stack and one set of labels made one: Go may print two whose difference it hides. */
function valuesByStack(profile: Profile): Map<string, Sample> {
  const names = new Map(profile.function.map(({ id, name }) => [Number(id), text(profile, name)]));
  const keys = new Map(
    profile.location.map((location) => [Number(location.id), locationKey(location, names)]),
  );
  const samples = new Map<string, Sample>();
  for (const sample of profile.sample) {
    const key = stackKey(profile, sample, keys);
    const known = samples.get(key);
    if (known === undefined) samples.set(key, sample);
    else known.value = known.value.map((value, index) => BigInt(value) + BigInt(at(sample.value, index)));
  }
  return samples;
}

function stackKey(profile: Profile, sample: Sample, locationKeys: ReadonlyMap<number, string>): string {
  const stack = sample.locationId.map((id) => locationKeys.get(Number(id)) ?? `#${id}`);
  const labels = sample.label.map(
    ({ key, str, num, numUnit }) =>
      `${text(profile, key)}=${text(profile, str)}${num}${text(profile, numUnit)}`,
  );
  return `${stack.join('\n')}\0${labels.sort().join('\n')}`;
}

/** Ids are of one file only; an address is of the process. */
function locationKey({ address, line }: Location, names: ReadonlyMap<number, string>): string {
  return [address, ...line.map((one) => `${names.get(Number(one.functionId)) ?? ''}:${one.line}`)].join(' ');
}

function text(profile: Profile, index: number | bigint): string {
  return profile.stringTable.strings[Number(index)] ?? '';
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
