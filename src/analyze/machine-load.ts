/** Who else was at work on the machine during the clean phase. Pure. */

import type { MachineRow, ProcessRow } from '../run.ts';
import type { Milliseconds, RunMilliseconds } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { greatest } from './extremes.ts';
import { machineRows, median } from './series.ts';
import {
  LEAST_MACHINE_WINDOWS,
  LEAST_WINDOW_MS,
  SAMPLING_ERROR_CORES,
  UNDISTURBED_SHARE,
} from './thresholds.ts';

/** In cores: 0.5 is half a core. Each figure is over windows of about a second. */
export interface MachineLoad {
  readonly windows: number;
  /** CPU time of processes that are neither the target's nor the lab's. */
  readonly foreignCoresMedian: number;
  readonly foreignCoresMax: number;
  /** Time that the hypervisor gave to others. */
  readonly stolenCoresMedian: number;
  readonly stolenCoresMax: number;
  /** Both together, second by second: three quarters of the seconds are below it. */
  readonly takenCoresP75: number;
}

/** A reason in words where it cannot be told. */
export function machineLoad(evidence: Evidence): MachineLoad | string {
  const rows = machineRows(evidence, 'clean');
  const { network, kind } = evidence.run.target;
  // What the lab started is on its machine, whatever the address that it serves.
  const isHere = network === 'local' || kind !== 'address';
  const process = evidence.timeline.filter((row): row is ProcessRow => row.kind === 'process');
  if (rows.length === 0) return 'the CPU time of the whole machine was not sampled in the clean phase';
  if (isHere && process.length < 2) {
    return "the tracker's process was not sampled, so its CPU time cannot be told from that of others";
  }
  const measured = windowsOf(rows).map(({ first, last }) => {
    const elapsedMs = last.atMs - first.atMs;
    const targetMs = isHere ? Math.max(0, cpuMsAt(process, last.atMs) - cpuMsAt(process, first.atMs)) : 0;
    const foreignMs = last.busyMs - first.busyMs - (last.labMs - first.labMs) - targetMs;
    const stolen = Math.max(0, (last.stolenMs - first.stolenMs) / elapsedMs);
    const interrupts = (last.interruptMs - first.interruptMs) / elapsedMs;
    return { foreign: foreignMs / elapsedMs, interrupts, stolen };
  });
  // Where the kernel books interrupts on processes as well, what the machine counts apart has to be added before what
  // processes used is taken off. Where it is not known: nobody else's time is below zero, so a second in which it seems so
  // tells it.
  const isBookedOnProcesses =
    evidence.run.environment.interruptsBookedOnProcesses ??
    measured.some(({ foreign }) => foreign < -SAMPLING_ERROR_CORES);
  const windows = measured.map(({ foreign, interrupts, stolen }) => ({
    foreign: Math.max(0, foreign + (isBookedOnProcesses ? interrupts : 0)),
    stolen,
  }));
  if (windows.length < LEAST_MACHINE_WINDOWS) {
    return `the clean phase is too short: of whole sampled seconds it holds ${windows.length}, ${LEAST_MACHINE_WINDOWS} are needed (a phase of ${LEAST_MACHINE_WINDOWS + 1} s has them)`;
  }
  const middle = (values: readonly number[]): number => median(values) ?? 0;
  const foreign = windows.map((window) => window.foreign);
  const stolen = windows.map((window) => window.stolen);
  return {
    windows: windows.length,
    foreignCoresMedian: middle(foreign),
    foreignCoresMax: greatest(foreign),
    stolenCoresMedian: middle(stolen),
    stolenCoresMax: greatest(stolen),
    takenCoresP75: upperQuartile(windows.map((window) => window.foreign + window.stolen)),
  };
}

function upperQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * UNDISTURBED_SHARE))] ?? 0;
}

/** A window ends with the first sample that is far enough from its beginning. */
function windowsOf(rows: readonly MachineRow[]): { first: MachineRow; last: MachineRow }[] {
  const windows: { first: MachineRow; last: MachineRow }[] = [];
  let [first] = rows;
  for (const row of rows) {
    if (first === undefined || row.atMs - first.atMs < LEAST_WINDOW_MS) continue;
    windows.push({ first, last: row });
    first = row;
  }
  return windows;
}

/** CPU time of the target at a moment: in a straight line between two samples, that of the nearest beyond them. */
function cpuMsAt(rows: readonly ProcessRow[], atMs: RunMilliseconds): Milliseconds {
  const cpuMs = (row: ProcessRow): Milliseconds => row.cpuUserMs + row.cpuSystemMs;
  const after = rows.findIndex((row) => row.atMs >= atMs);
  const next = rows[after < 0 ? rows.length - 1 : after] as ProcessRow;
  const before = after > 0 ? (rows[after - 1] as ProcessRow) : next;
  if (next.atMs <= before.atMs || after < 0) return cpuMs(next);
  const share = (atMs - before.atMs) / (next.atMs - before.atMs);
  return cpuMs(before) + (cpuMs(next) - cpuMs(before)) * share;
}
