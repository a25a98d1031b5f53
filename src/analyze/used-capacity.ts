import type { Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseFigures } from './phase-figures.ts';

/**
 * CPU of the clean phase over what the profiled threads could use: a core each, no more than the machine has (or
 * than the tracker is pinned to). Null where the process was not sampled.
 */
export function usedCapacity(evidence: Evidence): Share | null {
  const cpuShare = phaseFigures(evidence, 'clean')?.target.cpuShare ?? null;
  return cpuShare === null ? null : cpuShare / usableCores(evidence);
}

/**
 * As {@link usedCapacity}, with the time added in which its threads could have run but waited for a core: on a machine
 * with other work a tracker may be at its limit below 100 %.
 */
export function wantedCapacity(evidence: Evidence): Share | null {
  const used = usedCapacity(evidence);
  const waited = phaseFigures(evidence, 'clean')?.target.runQueueDelayShare ?? 0;
  return used === null ? null : Math.min(1, used + waited / usableCores(evidence));
}

function usableCores(evidence: Evidence): number {
  const threads =
    evidence.run.profiles.find((record) => record.kind === 'cpu')?.threads.length ??
    evidence.run.environment.cpuCount;
  const cores =
    pinnedCores(evidence.run.environment.pinning?.target ?? null) ?? evidence.run.environment.cpuCount;
  return Math.max(1, Math.min(threads, cores));
}

/** Cores in a CPU list as taskset takes it, for example `0,2-3`; null where it is none. */
function pinnedCores(list: string | null): number | null {
  if (list === null) return null;
  let cores = 0;
  for (const part of list.split(',')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    if (match === null) return null;
    cores += Number(match[2] ?? match[1]) - Number(match[1]) + 1;
  }
  return cores;
}
