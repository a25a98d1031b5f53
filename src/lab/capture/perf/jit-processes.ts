/** Reads what is needed to name a process's JIT code while the process still lives. */
import { existsSync } from 'node:fs';
import { readFile, readlink, stat } from 'node:fs/promises';
import { packageRoot } from '../../../package-root.ts';
import { FrameLocator } from '../frame-locator.ts';
import { programRoot } from '../program-root.ts';
import { JitMap } from './jit-map.ts';
import { nodeEntryScript } from './node-entry-script.ts';
import type { JitProcess } from './perf-profile.ts';

/** A map of this size names about two million functions; the file is the target's own and may be anything. */
const MAX_MAP_BYTES = 256 * 1024 * 1024;

/** The processes that have written a map, with the map as it is now. A process that has ended may still be among them. */
export async function readJitProcesses(pids: Iterable<number>): Promise<Map<number, JitProcess>> {
  const processes = new Map<number, JitProcess>();
  for (const pid of pids) {
    const jit = await readMap(pid);
    if (jit === null) continue;
    const program = await rootOf(pid);
    processes.set(pid, { jit, locator: new FrameLocator({ program, agent: packageRoot }) });
  }
  return processes;
}

/** Whether a process has written a map. */
export async function hasJitMap(pid: number): Promise<boolean> {
  return (await findMap(pid)) !== null;
}

async function readMap(pid: number): Promise<JitMap | null> {
  const file = await findMap(pid);
  return file === null
    ? null
    : readFile(file, 'utf8').then(
        (text) => new JitMap(text),
        () => null,
      );
}

async function findMap(pid: number): Promise<string | null> {
  // A process in a container writes the id that it has there, into the container's own /tmp.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const innerPid = /^NSpid:.*\s(\d+)$/m.exec(status)?.[1] ?? String(pid);
  for (const file of [`/proc/${pid}/root/tmp/perf-${innerPid}.map`, `/tmp/perf-${pid}.map`]) {
    const found = await stat(file).catch(() => null);
    if (found?.isFile() && found.size > 0 && found.size <= MAX_MAP_BYTES) return file;
  }
  return null;
}

/** The folder to which file names are relative; that of no file where the process has ended. */
async function rootOf(pid: number): Promise<string> {
  try {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    const folder = await readlink(`/proc/${pid}/cwd`);
    const script = nodeEntryScript(commandLine.split('\0').slice(0, -1), folder);
    return script !== undefined && existsSync(script) ? programRoot(script) : folder;
  } catch {
    return '\0';
  }
}
