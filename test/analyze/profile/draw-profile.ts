/**
 * Profiles drawn as text, for tests: root on top, one column a sample.
 *
 * ```
 * drawProfile(`
 *   10                            4                             2
 *   onMessage@src/server.ts:40    onMessage@src/server.ts:41    Node.js
 *   encodePeers@src/encode.ts:12  send                          Garbage Collection
 * `)
 * ```
 *
 * - Cells of a row are two or more spaces apart and start where the first row's cells start; a column that ends early
 *   is left blank. A function's own name may hold single spaces.
 * - A row of whole numbers only holds the samples' values: the first such row those of the first value type, and so
 *   on. A value type without a row counts 1 a sample.
 * - `name@file:line`: file and line may be left out. A bare name is a built-in or a native function, as in a real
 *   profile: an application's function needs its file.
 * - `name@file:line!class` sets the class instead of asking the table of frame classes.
 */
import {
  classifyFrame,
  detectRuntime,
  type FunctionInfo,
} from '../../../src/analyze/profile/frame-classes.ts';
import {
  type Frame,
  type FrameClass,
  type FrameRuntime,
  frameClasses,
  type Profile,
  type ValueType,
} from '../../../src/analyze/profile/profile.ts';

export interface DrawProfileOptions {
  /** Default: `cpu` in `nanoseconds`. */
  readonly valueTypes?: readonly ValueType[];
  /** Default: the last. */
  readonly defaultValueIndex?: number;
  readonly durationNs?: number;
  readonly timeNs?: number;
  /** Default: found from the frames. */
  readonly runtime?: FrameRuntime;
}

interface Cell {
  readonly start: number;
  readonly text: string;
}

interface DrawnFrame extends FunctionInfo {
  readonly text: string;
  readonly line: number;
  readonly class: FrameClass | null;
}

/**
 * The profile that a drawing shows.
 *
 * @throws Error where the drawing is out of line
 */
export function drawProfile(drawing: string, options: DrawProfileOptions = {}): Profile {
  const rows = drawing
    .split('\n')
    .map(cellsOf)
    .filter((cells) => cells.length > 0);
  const columnStarts = (rows[0] ?? []).map((cell) => cell.start);
  const sampleCount = columnStarts.length;
  const stacks: string[][] = columnStarts.map(() => []);
  const valueRows: Cell[][] = [];
  for (const row of rows) {
    if (row.every((cell) => /^-?\d+$/.test(cell.text))) {
      if (row.length !== sampleCount) throw new Error(`a row of values needs ${sampleCount} cells`);
      valueRows.push(row);
      continue;
    }
    for (const cell of row) {
      const column = columnStarts.indexOf(cell.start);
      if (column < 0)
        throw new Error(`"${cell.text}" starts at column ${cell.start}, not at one of ${columnStarts}`);
      (stacks[column] as string[]).push(cell.text);
    }
  }

  const drawn = new Map<string, DrawnFrame>();
  for (const text of stacks.flat()) if (!drawn.has(text)) drawn.set(text, parseFrame(text));
  const runtime = options.runtime ?? detectRuntime(drawn.values());
  const frames = [...drawn.values()].map((frame) => toFrame(frame, runtime));
  const indexes = new Map([...drawn.keys()].map((text, index) => [text, index]));

  const valueTypes = options.valueTypes ?? [{ type: 'cpu', unit: 'nanoseconds' }];
  const stackStart = new Uint32Array(sampleCount + 1);
  for (const [sample, stack] of stacks.entries()) {
    stackStart[sample + 1] = (stackStart[sample] as number) + stack.length;
  }
  return {
    valueTypes,
    defaultValueIndex: options.defaultValueIndex ?? valueTypes.length - 1,
    frames,
    stackStart,
    stackFrames: Uint32Array.from(
      stacks.flatMap((stack) => stack.toReversed().map((text) => indexes.get(text) ?? 0)),
    ),
    values: valueTypes.map((_, type) =>
      Float64Array.from({ length: sampleCount }, (_, sample) => Number(valueRows[type]?.[sample]?.text ?? 1)),
    ),
    sampleCount,
    durationNs: options.durationNs ?? 0,
    timeNs: options.timeNs ?? 0,
    period: 0,
    periodType: null,
  };
}

function cellsOf(line: string): Cell[] {
  return [...line.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ start: match.index, text: match[0] }));
}

function parseFrame(text: string): DrawnFrame {
  const match = /^(?<name>.+?)(?:@(?<file>.*?))?(?::(?<line>\d+))?(?:!(?<class>\w+))?$/.exec(text);
  const groups = match?.groups ?? {};
  const drawnClass = groups['class'] ?? null;
  if (drawnClass !== null && !frameClasses.includes(drawnClass as FrameClass)) {
    throw new Error(`"${text}": no class ${drawnClass}`);
  }
  return {
    text,
    functionName: groups['name'] ?? text,
    file: groups['file'] ?? '',
    mappingFile: '',
    line: Number(groups['line'] ?? 0),
    class: drawnClass as FrameClass | null,
  };
}

function toFrame(drawn: DrawnFrame, programRuntime: FrameRuntime): Frame {
  const { runtime, class: tableClass } = classifyFrame(drawn, programRuntime);
  const { functionName, file, line } = drawn;
  return { functionName, file, line, runtime, class: drawn.class ?? tableClass };
}
