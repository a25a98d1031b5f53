import { Profile, type Sample } from 'pprof-format';
import { SLICE_LABEL } from '../../time-slices.ts';
import type { LocatedFrame } from './frame-locator.ts';
import { nameNativeCall } from './native-calls.ts';
import { ProfileBuilder, type ValueTypeName } from './profile-builder.ts';

interface ThreadPprof {
  /** Value of the `thread` label. */
  readonly thread: string;
  /** Encoded pprof, not gzipped. */
  readonly bytes: Uint8Array;
}

/**
 * Adds up the profiles of a process's threads by stack; each sample keeps its thread as a label. The first one gives
 * the value types, the start and the duration.
 *
 * @param by - `slice`: by stack and slice of time instead, all threads together; samples without a slice are left out
 * @throws Error where there is none, or where value types differ
 */
export function mergeProfiles(threads: readonly ThreadPprof[], by: 'thread' | 'slice' = 'thread'): Profile {
  const decoded = threads.map(({ thread, bytes }) => ({ thread, profile: Profile.decode(bytes) }));
  const first = decoded[0]?.profile;
  if (first === undefined) throw new Error('no profile to merge');
  const valueTypes = valueTypesOf(first);
  const builder = new ProfileBuilder({
    valueTypes,
    defaultType: (valueTypes.at(-1) as ValueTypeName)[0],
    periodType: first.periodType ? typeName(first, first.periodType) : (valueTypes.at(-1) as ValueTypeName),
    period: Number(first.period),
  });
  for (const { thread, profile } of decoded) {
    if (valueTypesOf(profile).join() !== valueTypes.join()) {
      throw new Error(
        `${thread} has the value types ${valueTypesOf(profile).join(' ')}, not ${valueTypes.join(' ')}`,
      );
    }
    addAll(builder, profile, by === 'thread' ? thread : null);
  }
  return builder.build(Number(first.timeNanos), Number(first.durationNanos));
}

/** @param thread - null: by slice of time, and no thread is named */
function addAll(builder: ProfileBuilder, profile: Profile, thread: string | null): void {
  const strings = profile.stringTable.strings;
  const text = (index: number | bigint) => strings[Number(index)] ?? '';
  const functions = new Map(profile.function.map((entry) => [Number(entry.id), entry]));
  const ids = new Map<number, number>();
  for (const location of profile.location) {
    const line = location.line[0];
    const entry = functions.get(Number(line?.functionId ?? 0));
    const frame = {
      name: text(entry?.name ?? 0),
      file: text(entry?.filename ?? 0),
      line: Number(line?.line ?? 0),
    };
    ids.set(Number(location.id), builder.location(nameNativeCall(decodeFrameName(frame))));
  }
  for (const sample of profile.sample) {
    const slice = thread === null ? sliceOf(sample, text) : undefined;
    if (slice === null) continue;
    const stack = sample.locationId.map((id) => ids.get(Number(id)) as number);
    builder.add(stack, sample.value.map(Number), thread, slice);
  }
}

function sliceOf(sample: Sample, text: (index: number | bigint) => string): number | null {
  const label = sample.label.find(({ key }) => text(key) === SLICE_LABEL);
  return label === undefined ? null : Number(label.num);
}

const NAME_SEPARATOR = '\0';

/**
 * The frame's whole identity as one name. @datadog/pprof takes two functions of a script for one where their names are
 * equal, and gives both the file and line of the first; a name that carries file and line keeps them apart.
 */
export function encodeFrameName(frame: LocatedFrame): string {
  return [frame.name, frame.file, frame.line].join(NAME_SEPARATOR);
}

function decodeFrameName(frame: LocatedFrame): LocatedFrame {
  const [name, file, line] = frame.name.split(NAME_SEPARATOR);
  return name === undefined || file === undefined ? frame : { name, file, line: Number(line) };
}

function valueTypesOf(profile: Profile): ValueTypeName[] {
  return profile.sampleType.map((type) => typeName(profile, type));
}

function typeName(
  profile: Profile,
  { type, unit }: { type: number | bigint; unit: number | bigint },
): ValueTypeName {
  const strings = profile.stringTable.strings;
  return [strings[Number(type)] ?? '', strings[Number(unit)] ?? ''];
}
