/** Which threads of a Node.js process are V8's helpers. Reads /proc. */
import path from 'node:path';
import { readProc, readProcLink } from './read-proc.ts';

/**
 * The scheduler of delayed tasks and the four workers of Node's platform, which collect garbage and compile beside the
 * program. Node starts them before all other threads (measured on 20.20 by `perf`: the collector's functions run in the
 * first five threads after the main one), and the kernel numbers threads in the order of their start. The pool for files and
 * names comes later, and so do worker threads.
 */
const HELPERS = 5;

const ownPoolSize = /--v8-pool-size|--single-threaded/;

/**
 * @param pid - of the process; its main thread has the same number
 * @param threads - numbers of all its threads, in any order; those that have ended among them
 * @returns null where the process is no Node.js, asks for another number of helpers, or has not started them yet
 */
export function v8HelperThreads(pid: number, threads: readonly string[]): readonly string[] | null {
  const program = path.basename(readProcLink(`/proc/${pid}/exe`));
  if (!/^node(?:js)?$/.test(program)) return null;
  const options = [readProc(`/proc/${pid}/cmdline`), readProc(`/proc/${pid}/environ`)];
  if (options.some((text) => ownPoolSize.test(text))) return null;
  const others = threads.filter((id) => Number(id) > pid).sort((a, b) => Number(a) - Number(b));
  return others.length < HELPERS ? null : others.slice(0, HELPERS);
}
