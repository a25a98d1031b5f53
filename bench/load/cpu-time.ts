import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time of all threads of a process so far, user and system, in nanoseconds, as the scheduler accounts for it.
 *
 * @returns null where the process has gone or the kernel keeps no such account
 */
export function processCpuNs(pid: number): number | null {
  let sumNs = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      sumNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0]);
    }
  } catch {
    return null;
  }
  return Number.isFinite(sumNs) && sumNs > 0 ? sumNs : null;
}

/** Resident memory of a process in bytes; null where it has gone. */
export function residentBytes(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  } catch {
    return null;
  }
}
