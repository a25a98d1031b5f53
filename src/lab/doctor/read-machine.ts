/** Reads what {@link judgeMachine} judges. Takes a second: the load of others is watched that long. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { batchedUnavailableReason } from '../../wire/open-udp-socket.ts';
import { allowedCpus, pinningObstacle } from '../target/pinning.ts';
import type { MachineReadings } from './machine-readings.ts';
import { parseCapabilities, parseDistributions, parseMachineTicks, parseOpenFiles } from './machine-text.ts';

const WATCH_MS = 1_000;

/** @param outDirectory - absolute path of the root of the runs; it need not exist yet */
export async function readMachine(outDirectory: string): Promise<MachineReadings> {
  const cpus = allowedCpus();
  const status = read('/proc/self/status') ?? '';
  return {
    nodeVersion: process.versions.node,
    cpuCount: Math.max(os.cpus().length, cpus.length),
    allowedCpus: cpus,
    tasksetObstacle: pinningObstacle(),
    hasProc: status !== '',
    receiveBufferMaxBytes: readNumber('/proc/sys/net/core/rmem_max'),
    batchedObstacle: await batchedUnavailableReason(),
    openFiles: parseOpenFiles(read('/proc/self/limits') ?? ''),
    perfVersion: perfVersion(),
    perfEventParanoid: readNumber('/proc/sys/kernel/perf_event_paranoid'),
    capabilities: parseCapabilities(status),
    governors: governorsOf(cpus),
    othersBusyCores: await othersBusyCores(),
    distributions: parseDistributions(read('/etc/os-release') ?? ''),
    out: readOut(outDirectory),
  };
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not Linux, or a kernel without it.
    return null;
  }
}

function readNumber(file: string): number | null {
  const text = read(file)?.trim();
  return text === undefined || !/^-?\d+$/.test(text) ? null : Number(text);
}

function perfVersion(): string | null {
  try {
    return execFileSync('perf', ['--version'], { stdio: 'pipe', encoding: 'utf8' }).split('\n')[0] ?? null;
  } catch {
    // Not installed, or a wrapper without the tools of this kernel.
    return null;
  }
}

function governorsOf(cpus: readonly number[]): string[] {
  const names = cpus.map((cpu) => read(`/sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_governor`)?.trim());
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Cores that all others together kept busy for a second; this process's own time is taken off. */
async function othersBusyCores(): Promise<number | null> {
  const before = parseMachineTicks(read('/proc/stat') ?? '');
  const ownBefore = process.cpuUsage();
  await wait(WATCH_MS);
  const after = parseMachineTicks(read('/proc/stat') ?? '');
  const own = process.cpuUsage(ownBefore);
  if (before === null || after === null || after.total <= before.total) return null;
  const busyShare = (after.busy - before.busy) / (after.total - before.total);
  const ownCores = (own.user + own.system) / 1_000 / WATCH_MS;
  return Math.max(0, busyShare * os.cpus().length - ownCores);
}

function readOut(directory: string): MachineReadings['out'] {
  let nearest = directory;
  while (!existsSync(nearest) && path.dirname(nearest) !== nearest) nearest = path.dirname(nearest);
  return { directory, nearest, freeBytes: freeBytes(nearest), obstacle: writeObstacle(nearest) };
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // A file system that does not tell.
    return null;
  }
}

function writeObstacle(file: string): MachineReadings['out']['obstacle'] {
  try {
    if (!statSync(file).isDirectory()) return 'not a folder';
    accessSync(file, constants.W_OK | constants.X_OK);
    return null;
  } catch {
    // No permission, or a file system that is mounted for reading.
    return 'not writable';
  }
}
