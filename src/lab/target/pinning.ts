import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { LabError } from '../../errors.ts';

/** CPU lists as taskset takes them, for example `0` and `1-3`. */
export interface Pinning {
  readonly target: string;
  readonly generator: string;
}

interface PinningPlan {
  readonly pinning: Pinning | null;
  /** Why nothing is pinned; null where it is, or where nobody wanted it. */
  readonly note: string | null;
}

interface PinningOptions {
  /** `auto`, `off`, or `TARGET:GENERATOR` such as `0:1` or `0-1:2,3`. */
  readonly mode: string;
  /** The cores that this process may use. */
  readonly allowed: readonly number[];
  /** Cores that the target can make use of (its threads). Default: 1. */
  readonly targetCores?: number;
}

/**
 * Decides which cores the target and the generator run on. Pure.
 *
 * @throws LabError `BAD_PINNING` where an explicit list cannot be read, overlaps, or names a core that is not allowed
 */
export function planPinning({ mode, allowed, targetCores = 1 }: PinningOptions): PinningPlan {
  if (mode === 'off') return { pinning: null, note: null };
  if (mode !== 'auto') return { pinning: parseExplicit(mode, allowed), note: null };
  if (allowed.length < 2) {
    return { pinning: null, note: 'Not pinned: target and generator share the only core.' };
  }
  if (targetCores >= allowed.length) {
    return {
      pinning: null,
      note: `Not pinned: the tracker's ${targetCores} workers and the generator share ${allowed.length} cores.`,
    };
  }
  return {
    pinning: {
      target: formatCpuList(allowed.slice(0, targetCores)),
      generator: formatCpuList(allowed.slice(targetCores)),
    },
    note: null,
  };
}

function parseExplicit(mode: string, allowed: readonly number[]): Pinning {
  const lists = mode.split(':').map(parseCpuList);
  const [target, generator] = lists;
  if (lists.length !== 2 || !target || !generator) {
    throw badPinning(`expected auto, off or TARGET:GENERATOR, got "${mode}"`);
  }
  const foreign = [...target, ...generator].filter((cpu) => !allowed.includes(cpu));
  if (foreign.length > 0) {
    throw badPinning(`core ${foreign.join(', ')} of "${mode}" is not among ${formatCpuList(allowed)}`);
  }
  const shared = target.filter((cpu) => generator.includes(cpu));
  if (shared.length > 0) throw badPinning(`core ${shared.join(', ')} of "${mode}" is on both sides`);
  return { target: formatCpuList(target), generator: formatCpuList(generator) };
}

function badPinning(message: string): LabError {
  return new LabError({
    code: 'BAD_PINNING',
    message,
    hint: 'pass --pin auto, --pin off, or two lists that share no core, such as --pin 0:1',
  });
}

/**
 * Reads a CPU list such as `0-2,5`.
 *
 * @returns the cores in ascending order, each once; null where the text is no such list
 */
export function parseCpuList(text: string): number[] | null {
  const cpus = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) return null;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

/** Writes cores as a CPU list: neighbours as a range. */
function formatCpuList(cpus: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const last = ranges.at(-1);
    if (last && last[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** The cores that this process may use, as the kernel tells; all of them where it does not. */
export function allowedCpus(): number[] {
  const all = Array.from(os.cpus(), (_cpu, index) => index);
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return (list && parseCpuList(list)) || all;
  } catch {
    // Not Linux.
    return all;
  }
}

/**
 * Pins this process, all its threads and those to come.
 *
 * @returns null where it worked, else why it did not
 */
export function pinThisProcess(cpus: string): string | null {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', cpus, String(process.pid)], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `Not pinned: taskset failed (${firstLine(error)}).`;
  }
}

/** Why processes cannot be pinned on this machine; null where they can. */
export function pinningObstacle(): string | null {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `Not pinned: taskset cannot be run (${firstLine(error)}).`;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
