import { readFileSync } from 'node:fs';
import type { MachineRow } from '../../run.ts';
import { parseMachineCpu } from './proc-text.ts';

const MICROS_PER_MS = 1000;
const NANOS_PER_MS = 1e6;

/** A machine row before the lab's clock has stamped it. */
export type MachineReading = Omit<MachineRow, 'atMs'>;

/** Reads the CPU time of all cores and of this process, its threads included; null where there is no /proc/stat. */
export function readMachine(): MachineReading | null {
  const stat = readStat();
  const cpu = parseMachineCpu(stat, Number(process.hrtime.bigint()) / NANOS_PER_MS);
  if (cpu === null) return null;
  const { user, system } = process.cpuUsage();
  return { kind: 'machine', ...cpu, labMs: (user + system) / MICROS_PER_MS };
}

function readStat(): string {
  try {
    return readFileSync('/proc/stat', 'latin1');
  } catch {
    // Not Linux.
    return '';
  }
}
