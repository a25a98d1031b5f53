/** Turns the locations of a pprof file into frames: one for each function, line and inlining, whatever the address. */
import path from 'node:path';
import { classifyFrame, detectRuntime, type FrameKind, type FunctionInfo } from './frame-classes.ts';
import type { PprofTables } from './pprof-tables.ts';
import type { Frame, FrameRuntime } from './profile.ts';

export interface LocationFrames {
  readonly frames: readonly Frame[];
  /** Location `l` has the frames `locationFrames[locationStart[l] .. locationStart[l + 1]]`, innermost first. */
  readonly locationStart: Uint32Array;
  readonly locationFrames: Uint32Array;
}

/** Line numbers from here on are taken as unknown; so a frame's key below stays under 2^53. */
const MAX_LINE = 2 ** 31;

/** @throws MalformedProtobuf where a location refers to a function, mapping or text that is not there */
export function buildLocationFrames(tables: PprofTables): LocationFrames {
  const { locations, functions } = tables;
  const locationCount = locations.mappingId.length;
  const functionMapping = new Int32Array(functions.name.length).fill(-1);
  const lineFunction = new Int32Array(locations.lineFunctionId.length);
  const locationMapping = new Int32Array(locationCount);
  for (let location = 0; location < locationCount; location++) {
    const mappingId = locations.mappingId[location] as number;
    const mapping = mappingId === 0 ? -1 : tables.mappings.index.rowOf(mappingId);
    locationMapping[location] = mapping;
    const end = locations.lineStart[location + 1] as number;
    for (let line = locations.lineStart[location] as number; line < end; line++) {
      const functionRow = functions.index.rowOf(locations.lineFunctionId[line] as number);
      lineFunction[line] = functionRow;
      functionMapping[functionRow] = mapping;
    }
  }

  const infos = functionInfos(tables, functionMapping);
  const programRuntime = detectRuntime(infos);
  const builder = new FrameTable(infos, programRuntime);
  const locationStart = new Uint32Array(locationCount + 1);
  const locationFrames: number[] = [];
  for (let location = 0; location < locationCount; location++) {
    const start = locations.lineStart[location] as number;
    const end = locations.lineStart[location + 1] as number;
    for (let line = start; line < end; line++) {
      const inlined = line + 1 < end;
      locationFrames.push(
        builder.frameOf(lineFunction[line] as number, locations.lineNumber[line] as number, inlined),
      );
    }
    if (start === end)
      locationFrames.push(builder.unnamedFrame(mappingFile(tables, locationMapping[location])));
    locationStart[location + 1] = locationFrames.length;
  }
  return { frames: builder.frames, locationStart, locationFrames: Uint32Array.from(locationFrames) };
}

function functionInfos(tables: PprofTables, functionMapping: Int32Array): FunctionInfo[] {
  const { name, file } = tables.functions;
  const infos: FunctionInfo[] = [];
  const cleaned: (string | undefined)[] = [];
  for (let row = 0; row < name.length; row++) {
    const fileIndex = file[row] as number;
    let cleanFile = cleaned[fileIndex];
    if (cleanFile === undefined) {
      cleanFile = cleanPath(tables.text(fileIndex));
      cleaned[fileIndex] = cleanFile;
    }
    const mapping = mappingFile(tables, functionMapping[row]);
    infos.push({
      functionName: tables.text(name[row] as number) || unnamed(mapping),
      file: cleanFile,
      mappingFile: mapping,
    });
  }
  return infos;
}

function mappingFile(tables: PprofTables, mapping: number | undefined): string {
  return mapping === undefined || mapping < 0 ? '' : tables.text(tables.mappings.file[mapping] as number);
}

/** What pprof prints for code without a symbol. */
function unnamed(mapping: string): string {
  return mapping === '' ? '<unknown>' : `[${path.posix.basename(mapping)}]`;
}

/** As Go's filepath.Clean, by which pprof merges files. */
function cleanPath(file: string): string {
  if (file === '') return '';
  const normal = path.posix.normalize(file);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

class FrameTable {
  readonly frames: Frame[] = [];
  readonly #infos: readonly FunctionInfo[];
  readonly #programRuntime: FrameRuntime;
  readonly #kinds: (FrameKind | undefined)[];
  readonly #byKey = new Map<number, number>();
  readonly #unnamed = new Map<string, number>();

  constructor(infos: readonly FunctionInfo[], programRuntime: FrameRuntime) {
    this.#infos = infos;
    this.#programRuntime = programRuntime;
    this.#kinds = new Array(infos.length);
  }

  frameOf(functionRow: number, lineNumber: number, inlined: boolean): number {
    const line = lineNumber >= 0 && lineNumber < MAX_LINE ? lineNumber : 0;
    const key = (functionRow * 2 + (inlined ? 1 : 0)) * MAX_LINE + line;
    let frame = this.#byKey.get(key);
    if (frame === undefined) {
      const info = this.#infos[functionRow] as FunctionInfo;
      this.#kinds[functionRow] ??= classifyFrame(info, this.#programRuntime);
      const kind = this.#kinds[functionRow];
      const { functionName, file } = info;
      frame = this.frames.length;
      this.frames.push({ functionName, file, line, runtime: kind.runtime, class: kind.class, inlined });
      this.#byKey.set(key, frame);
    }
    return frame;
  }

  /** Frame of a location without lines, which is machine code without a symbol. */
  unnamedFrame(mapping: string): number {
    let frame = this.#unnamed.get(mapping);
    if (frame === undefined) {
      const functionName = unnamed(mapping);
      const info = { functionName, file: '', mappingFile: mapping };
      frame = this.frames.length;
      const kind = classifyFrame(info, this.#programRuntime);
      this.frames.push({
        functionName,
        file: '',
        line: 0,
        runtime: kind.runtime,
        class: kind.class,
        inlined: false,
      });
      this.#unnamed.set(mapping, frame);
    }
    return frame;
  }
}
