/** Decides how perf finds the callers of a program's functions. */
import { open } from 'node:fs/promises';
import { hasJitMap } from './jit-processes.ts';
import { isNodeProgram } from './node-entry-script.ts';
import { programOf } from './perf-program.ts';

/**
 * - `fp`: by frame pointers. Cheap and right for V8 and Go, which keep them; only there can code of a JIT compiler be
 *   walked at all. Distributions compile C without them: the leaves are right, the callers are missing.
 * - `dwarf`: by the unwind tables of each binary, over a copy of the stack's top in every sample.
 */
export type StackWalk = 'fp' | 'dwarf';

/** Bytes of the stack that are copied; perf's own default. Deeper stacks lose their roots. */
const STACK_COPY_BYTES = 8192;
/** Head of the block that Go's linker puts into every program. @see package debug/buildinfo of Go */
const GO_BUILD_INFO = Buffer.from('\xff Go buildinf:', 'latin1');
const READ_BYTES = 1024 * 1024;

/** Value of perf's `--call-graph`. */
export function callGraphOption(walk: StackWalk): string {
  return walk === 'fp' ? 'fp' : `dwarf,${STACK_COPY_BYTES}`;
}

/** The way for all of the processes: frame pointers where one of them is Node.js, Go or has a JIT map. */
export async function chooseStackWalk(pids: readonly number[]): Promise<StackWalk> {
  for (const pid of pids) {
    if (isNodeProgram(await programOf(pid)) || (await hasJitMap(pid)) || (await isGo(`/proc/${pid}/exe`)))
      return 'fp';
  }
  return 'dwarf';
}

async function isGo(executable: string): Promise<boolean> {
  const file = await open(executable).catch(() => null);
  if (file === null) return false;
  try {
    const overlap = GO_BUILD_INFO.length - 1;
    const buffer = Buffer.alloc(READ_BYTES);
    for (let position = 0; ; position += READ_BYTES - overlap) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position);
      if (buffer.subarray(0, bytesRead).includes(GO_BUILD_INFO)) return true;
      if (bytesRead < READ_BYTES) return false;
    }
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
