import { readFile, readlink, stat } from 'node:fs/promises';

/** Environment of every perf: English messages, dots in figures, and nobody's own settings. */
export const perfEnvironment: Readonly<Record<string, string>> = { LC_ALL: 'C', PERF_CONFIG: '/dev/null' };

/** kernel.perf_event_paranoid; null where the kernel has no perf events. */
export async function readParanoid(): Promise<number | null> {
  const text = await readFile('/proc/sys/kernel/perf_event_paranoid', 'utf8').catch(() => '');
  return /^-?\d+\s*$/.test(text) ? Number(text) : null;
}

/** Path of the program that a process runs; empty where it has ended or is hidden. */
export async function programOf(pid: number): Promise<string> {
  const target = await readlink(`/proc/${pid}/exe`).catch(() => '');
  return target.replace(/ \(deleted\)$/, '');
}

/** Those of the processes that live; the id of one that has ended makes perf refuse all. */
export async function livingPids(pids: readonly number[]): Promise<number[]> {
  const living: number[] = [];
  for (const pid of new Set(pids)) {
    if (await stat(`/proc/${pid}`).catch(() => null)) living.push(pid);
  }
  return living;
}

/** Processes of other users; none for root, who may observe all. */
export async function foreignPids(pids: readonly number[]): Promise<number[]> {
  const user = process.getuid?.();
  if (user === 0) return [];
  const foreign: number[] = [];
  for (const pid of pids) {
    const owner = await stat(`/proc/${pid}`).catch(() => null);
    if (owner !== null && owner.uid !== user) foreign.push(pid);
  }
  return foreign;
}
