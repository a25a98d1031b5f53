/** The one model of a profile, whatever made it. Columnar: a heavy profile has 10^5 samples. */

/** Which part of the program a frame belongs to; decided once, in the table of frame classes. */
export const frameClasses = [
  'application',
  'library',
  'runtime',
  'gc',
  'allocation',
  'lock',
  'syscall',
  'network',
  'idle',
] as const;
export type FrameClass = (typeof frameClasses)[number];

export type FrameRuntime = 'v8' | 'go' | 'native' | 'kernel';

/** A function at a line, as it stands in a stack. */
export interface Frame {
  /** Name as pprof prints it. Hostile text: escape it. */
  readonly functionName: string;
  /** Source file; for own code relative to its package (`src/tracker/server.ts`); empty where unknown. */
  readonly file: string;
  /** 1-based; 0 where unknown. */
  readonly line: number;
  readonly runtime: FrameRuntime;
  readonly class: FrameClass;
  /** True where the compiler put the function's code into its caller, the next frame of the stack. Absent: false. */
  readonly inlined?: boolean;
}

/** What a sample's value means, for example `{type: 'cpu', unit: 'nanoseconds'}`. */
export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

export interface Profile {
  readonly valueTypes: readonly ValueType[];
  /** Index of the value type that pprof shows by default: the one that the file names, else the last. */
  readonly defaultValueIndex: number;
  readonly frames: readonly Frame[];
  /** Sample `s` has the frames `stackFrames[stackStart[s] .. stackStart[s + 1]]`, leaf first, inlined frames expanded. */
  readonly stackStart: Uint32Array;
  readonly stackFrames: Uint32Array;
  /** `values[v][s]`: value of type `v` of sample `s`. */
  readonly values: readonly Float64Array[];
  readonly sampleCount: number;
  /** The numeric label that was asked for, of each sample; NaN where a sample has none. Absent: none was asked for. */
  readonly labels?: Float64Array;
  /** 0 where the file does not tell. */
  readonly durationNs: number;
  /** 0 where the file does not tell. */
  readonly timeNs: number;
  readonly period: number;
  readonly periodType: ValueType | null;
}

/** One row of `pprof -top`. */
export interface TopRow {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  readonly class: FrameClass;
  readonly flat: number;
  /** Percent of the total, 0 to 100. */
  readonly flatPercent: number;
  readonly sumPercent: number;
  readonly cum: number;
  readonly cumPercent: number;
}

/** A function of the application with everything that it caused below it, outside other application functions. */
export interface ChargedRow {
  readonly functionName: string;
  readonly file: string;
  /** Line of the function's costliest call or statement; 0 where unknown. */
  readonly line: number;
  readonly class: FrameClass;
  readonly value: number;
  readonly percent: number;
  /** Leaves through which the cost came, costliest first, `self` for its own; percent of this row. */
  readonly via: readonly { readonly functionName: string; readonly percent: number }[];
}

/** The rows of one value type, most costly first. */
export interface TopTable<Row> {
  readonly valueType: ValueType;
  /** Sum of all samples. */
  readonly total: number;
  readonly durationNs: number;
  readonly rows: readonly Row[];
  /** Rows that were left out: beyond the first N, or below pprof's 0.5 % of the total. */
  readonly omittedRows: number;
}
