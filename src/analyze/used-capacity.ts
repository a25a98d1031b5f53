import type { ProfileKind } from '../run.ts';
import type { Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseFigures } from './phase-figures.ts';
import { processRows } from './series.ts';
import { targetRuntime } from './target-runtime.ts';
import { RARE_SAMPLE_SHARE, TICK_ERROR_CORES } from './thresholds.ts';

/**
 * CPU of the clean phase over what the target's threads could use: a core each, no more than the machine has (or
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

/** Cores that the target's threads can use at once: no more than it has threads to run, than the machine has, or than it is pinned to. */
export function usableCores(evidence: Evidence): number {
  const { cpuCount, pinning } = evidence.run.environment;
  const isPinned = evidence.run.target.kind !== 'address';
  const cores = pinnedCores(isPinned ? (pinning?.target ?? null) : null) ?? cpuCount;
  return Math.max(1, Math.min(runningThreads(evidence) ?? cores, cores));
}

/** Threads that have work to run; null where that is not known or, as in Go, as many as there are cores. */
function runningThreads(evidence: Evidence): number | null {
  const threadsOf = (kind: ProfileKind): number | null => {
    const count = evidence.run.profiles.find((record) => record.kind === kind)?.threads.length ?? 0;
    return count === 0 ? null : count;
  };
  if (evidence.run.target.workers !== null) return evidence.run.target.workers;
  switch (targetRuntime(evidence)) {
    case 'node':
      return threadsOf('cpu') ?? threadsOf('allocations');
    case 'go':
      return null;
    case 'native':
      return runnableAtOnce(evidence) ?? threadsOf('perf');
  }
}

/**
 * Threads of a native program that have work at once: as many as were running or runnable in one sample of twenty or more.
 * perf lists each thread that had a single sample, and /proc each that is asleep for good; a saturated tracker of one
 * thread must not be taken for one that could use more. Null where the process was not sampled.
 */
function runnableAtOnce(evidence: Evidence): number | null {
  const running = processRows(evidence, 'clean').map((row) => row.threadStates.running);
  if (running.length === 0) return null;
  const sorted = running.sort((a, b) => a - b);
  const often = sorted[Math.floor((sorted.length - 1) * (1 - RARE_SAMPLE_SHARE))] as number;
  const used = phaseFigures(evidence, 'clean')?.target.cpuShare ?? 0;
  return Math.max(1, often, Math.ceil(used - TICK_ERROR_CORES));
}

/** Cores in a CPU list as taskset takes it, for example `0,2-3`; null where it is none. */
export function pinnedCores(list: string | null): number | null {
  if (list === null) return null;
  let cores = 0;
  for (const part of list.split(',')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    if (match === null) return null;
    cores += Number(match[2] ?? match[1]) - Number(match[1]) + 1;
  }
  return cores;
}
