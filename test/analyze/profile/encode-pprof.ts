/** Writes pprof's wire format byte by byte, so that tests can also write what no library would. */

/** Field numbers by message, as far as the tests use them. */
export const field = {
  profile: {
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
  },
  valueType: { type: 1, unit: 2 },
  sample: { locationId: 1, value: 2, label: 3 },
  mapping: { id: 1, file: 5 },
  location: { id: 1, mappingId: 2, address: 3, line: 4 },
  line: { functionId: 1, line: 2 },
  function: { id: 1, name: 2, systemName: 3, file: 4 },
} as const;

/** A varint; negative numbers as 64-bit two's complement. */
export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

/** A field that holds a number. */
export function numberField(number: number, value: number | bigint): number[] {
  return [...varint(number * 8), ...varint(value)];
}

/** A field that holds bytes: a message, a text, or packed numbers. */
export function bytesField(number: number, bytes: readonly number[]): number[] {
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
}

export interface PprofParts {
  readonly strings?: readonly string[];
  /** Pairs of string indexes. */
  readonly sampleTypes?: readonly (readonly [number, number])[];
  readonly samples?: readonly {
    readonly locations: readonly number[];
    readonly values: readonly (number | bigint)[];
  }[];
  /** Id and string index of the file. */
  readonly mappings?: readonly (readonly [number, number])[];
  readonly locations?: readonly {
    readonly id: number;
    readonly mapping?: number;
    /** Function id and line number, innermost first. */
    readonly lines: readonly (readonly [number, number])[];
  }[];
  /** Id, string index of the name, string index of the file. */
  readonly functions?: readonly (readonly [number, number, number])[];
  /** Appended as they are. */
  readonly extra?: readonly number[];
}

type Location = NonNullable<PprofParts['locations']>[number];
type FunctionEntry = NonNullable<PprofParts['functions']>[number];

/** A small profile that is right in every way: `main` calls `encode`, which a second sample finds inlined into it. */
export const soundParts = {
  strings: ['', 'samples', 'count', 'cpu', 'nanoseconds', 'main', 'src/main.ts', 'encode', 'src/encode.ts'],
  sampleTypes: [
    [1, 2],
    [3, 4],
  ],
  samples: [
    { locations: [20, 10], values: [1, 1_000_000] },
    { locations: [30], values: [2, 2_000_000] },
  ],
  mappings: [],
  locations: [
    { id: 10, lines: [[1, 5]] },
    { id: 20, lines: [[2, 7]] },
    {
      id: 30,
      lines: [
        [2, 8],
        [1, 6],
      ],
    },
  ],
  functions: [
    [1, 5, 6],
    [2, 7, 8],
  ],
} satisfies PprofParts & {
  readonly locations: readonly [Location, ...Location[]];
  readonly functions: readonly [FunctionEntry, ...FunctionEntry[]];
};

/** The uncompressed file of a profile; parts that are left out are those of {@link soundParts}. */
export function encodePprof(changes: PprofParts = {}): Uint8Array {
  const parts: PprofParts = { ...soundParts, ...changes };
  const numbers = field.profile;
  const bytes: number[] = [];
  for (const [type, unit] of parts.sampleTypes ?? []) {
    bytes.push(...bytesField(numbers.sampleType, [...numberField(1, type), ...numberField(2, unit)]));
  }
  for (const sample of parts.samples ?? []) {
    const locations = bytesField(field.sample.locationId, sample.locations.flatMap(varint));
    const values = bytesField(field.sample.value, sample.values.flatMap(varint));
    bytes.push(...bytesField(numbers.sample, [...locations, ...values]));
  }
  for (const [id, file] of parts.mappings ?? []) {
    const mapping = [...numberField(field.mapping.id, id), ...numberField(field.mapping.file, file)];
    bytes.push(...bytesField(numbers.mapping, mapping));
  }
  for (const { id, mapping, lines } of parts.locations ?? []) {
    const location = numberField(field.location.id, id);
    if (mapping !== undefined) location.push(...numberField(field.location.mappingId, mapping));
    for (const [functionId, line] of lines) {
      location.push(
        ...bytesField(field.location.line, [...numberField(1, functionId), ...numberField(2, line)]),
      );
    }
    bytes.push(...bytesField(numbers.location, location));
  }
  for (const [id, name, file] of parts.functions ?? []) {
    const { id: idField, name: nameField, file: fileField } = field.function;
    const entry = [
      ...numberField(idField, id),
      ...numberField(nameField, name),
      ...numberField(fileField, file),
    ];
    bytes.push(...bytesField(numbers.function, entry));
  }
  for (const string of parts.strings ?? [])
    bytes.push(...bytesField(numbers.stringTable, [...Buffer.from(string)]));
  return Uint8Array.from([...bytes, ...(parts.extra ?? [])]);
}
