import type { LoadRow, MachineRow, ProcessRow } from '../../src/run.ts';

interface Sample {
  readonly atMinutes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

interface MemoryFigures {
  readonly slopeBytesPerMinute: number;
  readonly firstDescriptors: number;
  readonly mostDescriptors: number;
  readonly lastDescriptors: number;
}

interface QuarterFigures {
  readonly seconds: number;
  readonly sent: number;
  readonly latencyNsP99: number;
  readonly quietSeconds: number;
  readonly quietNsP99: number;
  readonly cpuMicrosPerRequest: number;
  readonly othersShare: number;
}

interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly figure: string;
  /** Why it says nothing; absent where it was judged. */
  readonly unjudged?: string;
}

export function exitCodeOf(checks: readonly Check[]): 0 | 1 | 3;
export function toldChecks(checks: readonly Check[]): string[];
export function memoryFigures(samples: readonly Sample[]): MemoryFigures;
export function memoryChecks(name: string, figures: MemoryFigures, judged: boolean): Check[];
export function loadByQuarter(
  timeline: readonly (LoadRow | MachineRow | ProcessRow)[],
  cores: number,
): QuarterFigures[];
export function growthChecks(quarters: readonly QuarterFigures[], judged: boolean): Check[];
export function counterChecks(
  counters: Readonly<Record<string, number>>,
  sent: number,
  mustExpire: boolean,
): Check[];
