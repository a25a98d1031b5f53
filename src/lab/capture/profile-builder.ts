import {
  Label,
  Line,
  Location,
  Mapping,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import { SLICE_LABEL } from '../../time-slices.ts';
import type { LocatedFrame } from './frame-locator.ts';

/** Type and unit of a value, for example `['alloc_space', 'bytes']`. */
export type ValueTypeName = readonly [type: string, unit: string];

export interface ProfileShape {
  readonly valueTypes: readonly ValueTypeName[];
  /** The value type that a viewer shows first. */
  readonly defaultType: string;
  readonly periodType: ValueTypeName;
  readonly period: number;
}

/**
 * Builds a pprof profile in which a function is its name, file and line, and a stack of one thread is one sample.
 *
 * @see https://github.com/google/pprof/blob/main/proto/profile.proto
 */
export class ProfileBuilder {
  readonly #shape: ProfileShape;
  readonly #strings = new StringTable();
  readonly #functions: PprofFunction[] = [];
  readonly #locations: Location[] = [];
  readonly #locationIds = new Map<string, number>();
  readonly #mappings: Mapping[] = [];
  readonly #mappingIds = new Map<string, number>();
  readonly #samples = new Map<string, Sample>();

  constructor(shape: ProfileShape) {
    this.#shape = shape;
  }

  /**
   * The id of the frame's location, the same for equal frames.
   *
   * @param mappingFile - path of the binary or library that holds the code; empty: none is named
   */
  location(frame: LocatedFrame, mappingFile = ''): number {
    const key = `${frame.name}\0${frame.file}\0${frame.line}\0${mappingFile}`;
    let id = this.#locationIds.get(key);
    if (id === undefined) {
      id = this.#locations.length + 1;
      const name = this.#strings.dedup(frame.name);
      const filename = this.#strings.dedup(frame.file);
      this.#functions.push(
        new PprofFunction({ id, name, systemName: name, filename, startLine: frame.line }),
      );
      const mappingId = mappingFile === '' ? 0 : this.mapping(mappingFile);
      const line = [new Line({ functionId: id, line: frame.line })];
      this.#locations.push(new Location({ id, mappingId, line }));
      this.#locationIds.set(key, id);
    }
    return id;
  }

  /** The id of a binary or library. pprof takes the first that is asked for as the program itself. */
  mapping(file: string): number {
    let id = this.#mappingIds.get(file);
    if (id === undefined) {
      id = this.#mappings.length + 1;
      // Without the flags pprof would look for the binary and its symbols.
      const known = { hasFunctions: true, hasFilenames: true, hasLineNumbers: true };
      this.#mappings.push(new Mapping({ id, filename: this.#strings.dedup(file), ...known }));
      this.#mappingIds.set(file, id);
    }
    return id;
  }

  /**
   * Adds to the sample of a stack.
   *
   * @param stack - location ids, leaf first
   * @param values - one of each value type
   * @param thread - value of the `thread` label; null: no label
   * @param slice - value of the numeric `slice` label; absent: no label
   */
  add(stack: readonly number[], values: readonly number[], thread: string | null, slice?: number): void {
    const key = `${thread ?? ''}\0${slice ?? ''}\0${stack.join(',')}`;
    const sample = this.#samples.get(key);
    if (sample) {
      sample.value = sample.value.map((value, index) => Number(value) + (values[index] ?? 0));
      return;
    }
    const label =
      thread === null
        ? []
        : [new Label({ key: this.#strings.dedup('thread'), str: this.#strings.dedup(thread) })];
    if (slice !== undefined) label.push(new Label({ key: this.#strings.dedup(SLICE_LABEL), num: slice }));
    this.#samples.set(key, new Sample({ locationId: [...stack], value: [...values], label }));
  }

  /**
   * @param timeNanos - wall clock of the profile's start, nanoseconds since the epoch
   * @param durationNanos - how long the profiler was on
   */
  build(timeNanos: number, durationNanos: number): Profile {
    return new Profile({
      sampleType: this.#shape.valueTypes.map((name) => this.#valueType(name)),
      sample: [...this.#samples.values()],
      mapping: this.#mappings,
      location: this.#locations,
      function: this.#functions,
      stringTable: this.#strings,
      timeNanos,
      durationNanos: Math.round(durationNanos),
      periodType: this.#valueType(this.#shape.periodType),
      period: this.#shape.period,
      defaultSampleType: this.#strings.dedup(this.#shape.defaultType),
    });
  }

  #valueType([type, unit]: ValueTypeName): ValueType {
    return new ValueType({ type: this.#strings.dedup(type), unit: this.#strings.dedup(unit) });
  }
}
