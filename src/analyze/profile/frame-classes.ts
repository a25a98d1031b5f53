/** Tells which runtime a function ran in and, by the table of that runtime, which part of the program it is. */
import { frameClassRules, labAgentFile, ownBinding, ownPlumbing } from './frame-class-rules.ts';
import type { FrameClass, FrameRuntime } from './profile.ts';

/** What a profile says of a function. Texts are empty where it says nothing. */
export interface FunctionInfo {
  readonly functionName: string;
  readonly file: string;
  /** Path of the binary that holds the code. */
  readonly mappingFile: string;
}

export interface FrameKind {
  readonly runtime: FrameRuntime;
  readonly class: FrameClass;
}

const v8File = /^node:|\.[cm]?[jt]sx?$/;
const v8Name = /^\((?:idle|program|root|V8 API|external|anonymous(?::L#\d+:C#\d+)?)\)$|^Garbage Collection$/;
const goFile = /\.go$/;
const goName = /^(?:runtime|main)\./;
const kernelMapping = /^\[?kernel|^\[guest\.kernel|\/vmlinux/;

/**
 * The runtime of a function by its own marks, or `null` where it has none: a built-in or a native function.
 */
function ownRuntime(info: FunctionInfo): FrameRuntime | null {
  if (kernelMapping.test(info.mappingFile) || kernelMapping.test(info.file)) return 'kernel';
  if (v8File.test(info.file)) return 'v8';
  if (goFile.test(info.file)) return 'go';
  return null;
}

/**
 * The language runtime of a profiled program: the one of its functions that carries the marks of V8 or Go, `native`
 * where none does. A program that has both (an addon written in Go, say) is the one with more of them.
 */
export function detectRuntime(functions: Iterable<FunctionInfo>): FrameRuntime {
  let v8Marks = 0;
  let goMarks = 0;
  for (const info of functions) {
    if (v8File.test(info.file) || v8Name.test(info.functionName)) v8Marks++;
    else if (goFile.test(info.file) || goName.test(info.functionName)) goMarks++;
  }
  if (v8Marks === 0 && goMarks === 0) return 'native';
  return v8Marks >= goMarks ? 'v8' : 'go';
}

/**
 * Runtime and class of a function.
 *
 * @param programRuntime - of the whole program, see {@link detectRuntime}; decides for functions that carry no marks
 */
export function classifyFrame(info: FunctionInfo, programRuntime: FrameRuntime): FrameKind {
  // A profiler that knows mappings (perf) tells native code by them; V8's own profilers leave them out.
  const unmarked = programRuntime === 'v8' && info.mappingFile !== '' ? 'native' : programRuntime;
  const runtime = ownRuntime(info) ?? unmarked;
  const table = frameClassRules[runtime];
  for (const rule of table.rules) {
    if (
      (rule.name === undefined || rule.name.test(info.functionName)) &&
      (rule.file === undefined || rule.file.test(info.file)) &&
      (rule.mapping === undefined || rule.mapping.test(info.mappingFile))
    ) {
      return kindOf(runtime, rule.class);
    }
  }
  return kindOf(runtime, table.otherwise);
}

const kinds = new Map<string, FrameKind>();

/** One object for every kind: a heavy profile has 10^5 functions. */
function kindOf(runtime: FrameRuntime, frameClass: FrameClass): FrameKind {
  const key = `${runtime} ${frameClass}`;
  let kind = kinds.get(key);
  if (kind === undefined) {
    kind = { runtime, class: frameClass };
    kinds.set(key, kind);
  }
  return kind;
}

/** Whether a file belongs to the lab's preload, which runs inside a Node tracker while it is profiled. */
export function isLabAgentFile(file: string): boolean {
  return labAgentFile.test(file);
}

/** V8's one name for all calls into Node-API addons, koffi's among them. */
export const NATIVE_ADDON = '(native addon)';

/** Whether a file is one of this package's own sockets, which carry datagrams for whoever called them. */
export function isOwnPlumbing(file: string): boolean {
  return ownPlumbing.test(file);
}

/** Whether a file is the binding of the C library, through which those sockets make their calls: a name and no cause. */
export function isOwnBinding(file: string): boolean {
  return ownBinding.test(file);
}
