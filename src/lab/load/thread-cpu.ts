import { readFileSync } from 'node:fs';
import type { Nanoseconds } from '../../units.ts';

/**
 * CPU time of the calling thread since its start, user and system.
 *
 * @returns null where the kernel does not tell (other systems than Linux, or one without scheduler statistics)
 */
export function readThreadCpuNs(): Nanoseconds | null {
  let text: string;
  try {
    text = readFileSync('/proc/thread-self/schedstat', 'latin1');
  } catch {
    return null;
  }
  const cpuNs = Number(text.split(' ', 1)[0]);
  return Number.isFinite(cpuNs) && cpuNs > 0 ? cpuNs : null;
}
