/**
 * The tables of a pprof file: everything but its samples, which are counted and passed over. Columnar, checked, and
 * with texts left in the file until they are asked for.
 *
 * @see https://github.com/google/pprof/blob/main/proto/profile.proto
 */
import { IdIndex } from './id-index.ts';
import { MalformedProtobuf, ProtobufReader } from './protobuf-reader.ts';

/** Field numbers of message Profile. */
export const ProfileField = {
  sampleType: 1,
  sample: 2,
  mapping: 3,
  location: 4,
  function: 5,
  stringTable: 6,
  timeNanos: 9,
  durationNanos: 10,
  periodType: 11,
  period: 12,
  defaultSampleType: 14,
} as const;

/** Bounds of what a file may hold: they keep a hostile one of 64 MiB within 256 MB of memory. */
const MAX_TABLE_ROWS = 2 ** 18;
const MAX_STRINGS = 2 ** 19;
const MAX_VALUE_TYPES = 64;
/** Of all texts that are asked for, together. */
const MAX_TEXT_BYTES = 2 ** 24;

/** Indexes into the string table, unchecked until a text is asked for. */
interface StringPair {
  readonly type: number;
  readonly unit: number;
}

/** One array a column; row `i` of a table is at `[i]` of each of its columns. */
export interface PprofTables {
  readonly sampleCount: number;
  readonly sampleTypes: readonly StringPair[];
  readonly periodType: StringPair | null;
  /** Index of the default value type's name in the string table; 0 where none is named. */
  readonly defaultSampleType: number;
  readonly timeNs: number;
  readonly durationNs: number;
  readonly period: number;
  readonly mappings: { readonly index: IdIndex; readonly file: readonly number[] };
  readonly functions: {
    readonly index: IdIndex;
    readonly name: readonly number[];
    readonly file: readonly number[];
  };
  /** Location `l` has the lines `lineStart[l] .. lineStart[l + 1]`, innermost first. Ids are unresolved. */
  readonly locations: {
    readonly index: IdIndex;
    readonly mappingId: readonly number[];
    readonly lineStart: readonly number[];
    readonly lineFunctionId: readonly number[];
    readonly lineNumber: readonly number[];
  };
  /** Text of the string table. @throws MalformedProtobuf where there is no such index, or too much text */
  text(index: number): string;
}

/**
 * Reads the tables of an uncompressed pprof file.
 *
 * @throws MalformedProtobuf where the bytes are no pprof profile, ids are 0 or doubled, or a bound is exceeded
 */
export function readPprofTables(bytes: Uint8Array): PprofTables {
  return new TableReader(bytes).read();
}

class TableReader {
  readonly #reader: ProtobufReader;
  readonly #stringStart: number[] = [];
  readonly #stringEnd: number[] = [];
  readonly #sampleTypes: StringPair[] = [];
  readonly #mappingIds: number[] = [];
  readonly #mappingFile: number[] = [];
  readonly #functionIds: number[] = [];
  readonly #functionName: number[] = [];
  readonly #functionFile: number[] = [];
  readonly #locationIds: number[] = [];
  readonly #locationMapping: number[] = [];
  readonly #lineStart: number[] = [];
  readonly #lineFunction: number[] = [];
  readonly #lineNumber: number[] = [];
  #sampleCount = 0;
  #periodType: StringPair | null = null;
  #defaultSampleType = 0;
  #timeNs = 0;
  #durationNs = 0;
  #period = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new ProtobufReader(bytes);
  }

  read(): PprofTables {
    const reader = this.#reader;
    const { bytes } = reader;
    while (reader.position < bytes.length) {
      reader.readKey();
      this.#readField();
    }
    if (this.#stringStart.length === 0) throw new MalformedProtobuf('it has no string table');
    if (this.#stringStart[0] !== this.#stringEnd[0]) throw new MalformedProtobuf('string 0 is not empty');
    if (this.#sampleTypes.length === 0) throw new MalformedProtobuf('it has no sample types');
    this.#lineStart.push(this.#lineFunction.length);
    return {
      sampleCount: this.#sampleCount,
      sampleTypes: this.#sampleTypes,
      periodType: this.#periodType,
      defaultSampleType: this.#defaultSampleType,
      timeNs: this.#timeNs,
      durationNs: this.#durationNs,
      period: this.#period,
      mappings: { index: new IdIndex('mapping', this.#mappingIds), file: this.#mappingFile },
      functions: {
        index: new IdIndex('function', this.#functionIds),
        name: this.#functionName,
        file: this.#functionFile,
      },
      locations: {
        index: new IdIndex('location', this.#locationIds),
        mappingId: this.#locationMapping,
        lineStart: this.#lineStart,
        lineFunctionId: this.#lineFunction,
        lineNumber: this.#lineNumber,
      },
      text: textReader(bytes, this.#stringStart, this.#stringEnd),
    };
  }

  #readField(): void {
    const reader = this.#reader;
    switch (reader.field) {
      case ProfileField.sample:
        this.#sampleCount++;
        reader.position = reader.readEnd();
        return;
      case ProfileField.stringTable: {
        const end = reader.readEnd();
        expectRoom('strings', this.#stringStart, MAX_STRINGS);
        this.#stringStart.push(reader.position);
        this.#stringEnd.push(end);
        reader.position = end;
        return;
      }
      case ProfileField.location:
        this.#readLocation(reader.readEnd());
        return;
      case ProfileField.function:
        this.#readFunction(reader.readEnd());
        return;
      case ProfileField.mapping:
        this.#readMapping(reader.readEnd());
        return;
      case ProfileField.sampleType:
        expectRoom('sample types', this.#sampleTypes, MAX_VALUE_TYPES);
        this.#sampleTypes.push(this.#readValueType(reader.readEnd()));
        return;
      case ProfileField.periodType:
        this.#periodType = this.#readValueType(reader.readEnd());
        return;
      case ProfileField.timeNanos:
        this.#timeNs = reader.intField();
        return;
      case ProfileField.durationNanos:
        this.#durationNs = reader.intField();
        return;
      case ProfileField.period:
        this.#period = reader.intField();
        return;
      case ProfileField.defaultSampleType:
        this.#defaultSampleType = reader.intField();
        return;
      default:
        reader.skip();
    }
  }

  #readValueType(end: number): StringPair {
    const reader = this.#reader;
    let type = 0;
    let unit = 0;
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) type = reader.intField();
      else if (reader.field === 2) unit = reader.intField();
      else reader.skip();
    }
    reader.expectEnd(end);
    return { type, unit };
  }

  #readMapping(end: number): void {
    const reader = this.#reader;
    let id = 0;
    let file = 0;
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) id = reader.uintField();
      else if (reader.field === 5) file = reader.intField();
      else reader.skip();
    }
    reader.expectEnd(end);
    expectRoom('mappings', this.#mappingIds, MAX_TABLE_ROWS);
    this.#mappingIds.push(id);
    this.#mappingFile.push(file);
  }

  #readFunction(end: number): void {
    const reader = this.#reader;
    let id = 0;
    let name = 0;
    let file = 0;
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) id = reader.uintField();
      else if (reader.field === 2) name = reader.intField();
      else if (reader.field === 4) file = reader.intField();
      else reader.skip();
    }
    reader.expectEnd(end);
    expectRoom('functions', this.#functionIds, MAX_TABLE_ROWS);
    this.#functionIds.push(id);
    this.#functionName.push(name);
    this.#functionFile.push(file);
  }

  #readLocation(end: number): void {
    const reader = this.#reader;
    let id = 0;
    let mapping = 0;
    expectRoom('locations', this.#locationIds, MAX_TABLE_ROWS);
    this.#lineStart.push(this.#lineFunction.length);
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) id = reader.uintField();
      else if (reader.field === 2) mapping = reader.uintField();
      else if (reader.field === 4) this.#readLine(reader.readEnd());
      else reader.skip();
    }
    reader.expectEnd(end);
    this.#locationIds.push(id);
    this.#locationMapping.push(mapping);
  }

  #readLine(end: number): void {
    const reader = this.#reader;
    let functionId = 0;
    let line = 0;
    while (reader.position < end) {
      reader.readKey();
      if (reader.field === 1) functionId = reader.uintField();
      else if (reader.field === 2) line = reader.intField();
      else reader.skip();
    }
    reader.expectEnd(end);
    expectRoom('lines', this.#lineFunction, MAX_TABLE_ROWS);
    this.#lineFunction.push(functionId);
    this.#lineNumber.push(line);
  }
}

function expectRoom(what: string, table: readonly unknown[], most: number): void {
  if (table.length >= most) throw new MalformedProtobuf(`it has more than ${most} ${what}`);
}

function textReader(
  bytes: Uint8Array,
  starts: readonly number[],
  ends: readonly number[],
): (index: number) => string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = new Array<string | undefined>(starts.length);
  let textBytes = 0;
  return function readText(index) {
    const known = texts[index];
    if (known !== undefined) return known;
    const start = starts[index];
    if (start === undefined) {
      throw new MalformedProtobuf(`string ${index} is not one of the ${starts.length} of the string table`);
    }
    const end = ends[index] as number;
    textBytes += end - start;
    if (textBytes > MAX_TEXT_BYTES) {
      throw new MalformedProtobuf(`its names have more than ${MAX_TEXT_BYTES} bytes`);
    }
    const text = buffer.toString('utf8', start, end);
    texts[index] = text;
    return text;
  };
}
