/**
 * Reads a pprof file into the lab's model of a profile.
 *
 * The samples are read straight into typed arrays, in a second walk over the file when its tables are known: no object
 * for a sample, a location or a value is ever made.
 *
 * Not read: labels but for one that is asked for, comments, and `drop_frames`, by which a writer asks pprof to hide frames (neither Go's runtime nor
 * @datadog/pprof does).
 */
import { gunzipSync } from 'node:zlib';
import { LabError } from '../../errors.ts';
import { buildLocationFrames, type LocationFrames } from './location-frames.ts';
import { type PprofTables, ProfileField, readPprofTables } from './pprof-tables.ts';
import type { Profile, ValueType } from './profile.ts';
import { MalformedProtobuf, ProtobufReader, WireType } from './protobuf-reader.ts';

/** Most bytes of a profile, inflated. A gzip bomb ends here. */
const MAX_PROFILE_BYTES = 64 * 1024 * 1024;
/** Most frames of one stack, inlined ones included. V8 keeps at most 255, perf 127 and Go 128. */
const MAX_STACK_DEPTH = 10_000;
/** Most frames of all stacks together: 64 MiB of indexes. */
const MAX_STACK_FRAMES = 2 ** 24;
/** Most values of all samples together: 32 MiB of doubles. */
const MAX_VALUES = 2 ** 22;

export interface DecodeProfileOptions {
  /** Named in the problem. */
  readonly fileName: string;
  /** A numeric label of the samples to be read. Default: none. */
  readonly label?: string;
}

export type DecodeProfileResult =
  | { readonly ok: true; readonly profile: Profile }
  | { readonly ok: false; readonly problem: LabError };

/**
 * Decodes a pprof profile, gzipped or not.
 *
 * Whatever the bytes are, it answers: with the profile, or with a problem of the code `BAD_PROFILE` that names the
 * file and what is wrong with it. Values are 64-bit integers in the file and doubles here: beyond ±2^53 they are
 * rounded to the nearest double (a relative error below 2^-53), ids beyond that are refused.
 */
export function decodeProfile(bytes: Uint8Array, options: DecodeProfileOptions): DecodeProfileResult {
  try {
    return { ok: true, profile: readProfile(inflate(bytes), options.label) };
  } catch (error) {
    if (!(error instanceof MalformedProtobuf)) throw error;
    const problem = new LabError({
      code: 'BAD_PROFILE',
      message: `${options.fileName} is not a readable pprof profile: ${error.message}`,
      hint: 'capture it again; `go tool pprof -raw FILE` tells whether another reader can open it',
      cause: error,
    });
    return { ok: false, problem };
  }
}

function inflate(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new MalformedProtobuf('the file is empty');
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    if (bytes.length > MAX_PROFILE_BYTES) throw tooLarge();
    return bytes;
  }
  // gzip ends with the length of what it holds. Where that is true, inflating needs one buffer and no copying.
  const trailer =
    bytes.length < 18 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  const chunkSize = Math.min(Math.max(trailer + 1, 64 * 1024), MAX_PROFILE_BYTES + 1);
  let inflated: Uint8Array;
  try {
    inflated = gunzipSync(bytes, { maxOutputLength: MAX_PROFILE_BYTES, chunkSize });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new MalformedProtobuf(`its gzip data is damaged (${(error as Error).message})`, { cause: error });
  }
  if (inflated.length === 0) throw new MalformedProtobuf('the file is empty');
  return inflated;
}

function tooLarge(): MalformedProtobuf {
  return new MalformedProtobuf(`it holds more than ${MAX_PROFILE_BYTES / 2 ** 20} MiB`);
}

function readProfile(bytes: Uint8Array, label: string | undefined): Profile {
  const tables = readPprofTables(bytes);
  const valueTypes = tables.sampleTypes.map((pair) => toValueType(tables, pair));
  const defaultName = tables.text(tables.defaultSampleType);
  const named = defaultName === '' ? -1 : valueTypes.findIndex((valueType) => valueType.type === defaultName);
  const locationFrames = buildLocationFrames(tables);
  return {
    valueTypes,
    defaultValueIndex: named < 0 ? valueTypes.length - 1 : named,
    frames: locationFrames.frames,
    ...readSamples(bytes, tables, locationFrames, label),
    sampleCount: tables.sampleCount,
    durationNs: tables.durationNs,
    timeNs: tables.timeNs,
    period: tables.period,
    periodType: tables.periodType === null ? null : toValueType(tables, tables.periodType),
  };
}

function toValueType(tables: PprofTables, pair: { readonly type: number; readonly unit: number }): ValueType {
  return { type: tables.text(pair.type), unit: tables.text(pair.unit) };
}

function readSamples(
  bytes: Uint8Array,
  tables: PprofTables,
  { locationStart, locationFrames }: LocationFrames,
  label: string | undefined,
): Pick<Profile, 'stackStart' | 'stackFrames' | 'values' | 'labels'> {
  const { sampleCount } = tables;
  const typeCount = tables.sampleTypes.length;
  if (sampleCount * typeCount > MAX_VALUES) {
    throw new MalformedProtobuf(
      `it has ${sampleCount} samples of ${typeCount} values, more than ${MAX_VALUES} in all`,
    );
  }
  const locationIndex = tables.locations.index;
  const values = Array.from({ length: typeCount }, () => new Float64Array(sampleCount));
  const stackStart = new Uint32Array(sampleCount + 1);
  let stackFrames = new Uint32Array(Math.min(Math.max(64, sampleCount * 16), MAX_STACK_FRAMES));
  let frameCount = 0;
  let sample = 0;
  let valueCount = 0;

  const reader = new ProtobufReader(bytes);
  const labels = label === undefined ? undefined : new Float64Array(sampleCount).fill(Number.NaN);

  function readLabel(end: number): void {
    let key = 0;
    let number = 0;
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) key = reader.uintField();
      else if (reader.field === 3) number = reader.intField();
      else reader.skip();
    }
    reader.expectEnd(end);
    if (labels !== undefined && tables.text(key) === label) labels[sample] = number;
  }

  function appendLocation(id: number): void {
    const location = locationIndex.rowOf(id);
    const end = locationStart[location + 1] as number;
    for (let at = locationStart[location] as number; at < end; at++) {
      if (frameCount === stackFrames.length) stackFrames = grown(stackFrames);
      stackFrames[frameCount++] = locationFrames[at] as number;
    }
  }

  function appendValue(value: number): void {
    if (valueCount < typeCount) (values[valueCount] as Float64Array)[sample] = value;
    valueCount++;
  }

  function readSample(end: number): void {
    valueCount = 0;
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) {
        if (reader.wireType === WireType.bytes) {
          const packedEnd = reader.readEnd();
          while (reader.position < packedEnd) appendLocation(reader.readUint());
          reader.expectEnd(packedEnd);
        } else appendLocation(reader.uintField());
      } else if (reader.field === 2) {
        if (reader.wireType === WireType.bytes) {
          const packedEnd = reader.readEnd();
          while (reader.position < packedEnd) appendValue(reader.readInt());
          reader.expectEnd(packedEnd);
        } else appendValue(reader.intField());
      } else if (reader.field === 3 && labels !== undefined) readLabel(reader.readEnd());
      else reader.skip();
    }
    reader.expectEnd(end);
  }

  while (reader.position < bytes.length) {
    reader.readKey();
    if (reader.field !== ProfileField.sample) {
      reader.skip();
      continue;
    }
    readSample(reader.readEnd());
    if (valueCount !== typeCount) {
      throw new MalformedProtobuf(
        `sample ${sample} has ${valueCount} values, there are ${typeCount} sample types`,
      );
    }
    if (frameCount - (stackStart[sample] as number) > MAX_STACK_DEPTH) {
      throw new MalformedProtobuf(`the stack of sample ${sample} is deeper than ${MAX_STACK_DEPTH} frames`);
    }
    sample++;
    stackStart[sample] = frameCount;
  }
  const samples = { stackStart, stackFrames: stackFrames.subarray(0, frameCount), values };
  return labels === undefined ? samples : { ...samples, labels };
}

function grown(full: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  if (full.length >= MAX_STACK_FRAMES) {
    throw new MalformedProtobuf(`its stacks have more than ${MAX_STACK_FRAMES} frames in all`);
  }
  const larger = new Uint32Array(Math.min(full.length * 2, MAX_STACK_FRAMES));
  larger.set(full);
  return larger;
}
