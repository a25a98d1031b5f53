/** What a benchmark leaves: every round's raw figures, with the machine and the versions. JSON, `schemaVersion` 1. */
import { summarize } from './statistics.ts';

export const partNames = [
  'trackers',
  'generator',
  'memory',
  'growth',
  'expiry',
  'analysis',
  'profilers',
  'redis-store',
] as const;
export type PartName = (typeof partNames)[number];

/** Figures of one round, by name; the unit stands at the end of the name. null: it could not be measured. */
export type Sample = Readonly<Record<string, number | null>>;

/** All rounds of one subject under one condition. */
export interface Cell {
  readonly subject: string;
  /** For example `100 workers`. */
  readonly condition: string;
  readonly samples: Sample[];
}

/** Something that was not measured, and why. */
export interface Skip {
  readonly subject: string;
  readonly reason: string;
}

export interface PartResult {
  readonly takenAt: string;
  readonly rounds: number;
  /** Length of one measured window. */
  readonly seconds: number;
  /** At tiny size, to see that everything works: its figures say nothing. */
  readonly smoke: boolean;
  readonly cells: readonly Cell[];
  readonly skipped: readonly Skip[];
  /** One sentence each. */
  readonly notes: readonly string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** For example `kvm`; null: none is seen, or it is not known. */
  readonly virtualization: string | null;
  readonly node: string;
  /** Cores of server and generator; null: not pinned. */
  readonly pinning: { readonly server: string; readonly generator: string } | null;
}

export interface BenchResult {
  readonly schemaVersion: 1;
  readonly takenAt: string;
  readonly machine: Machine;
  /** Of this package and of what it was held against, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly parts: Partial<Record<PartName, PartResult>>;
}

/** The cell of a subject under a condition; undefined where it was not measured. */
export function findCell(part: PartResult | undefined, subject: string, condition: string): Cell | undefined {
  return part?.cells.find((cell) => cell.subject === subject && cell.condition === condition);
}

/** Median of a figure over the rounds; null where it was not measured. */
export function medianOf(
  part: PartResult | undefined,
  subject: string,
  condition: string,
  figure: string,
): number | null {
  const cell = findCell(part, subject, condition);
  return summarize(cell?.samples.map((sample) => sample[figure]) ?? [])?.median ?? null;
}

/** Greatest value of a figure over the rounds, for what must never happen; null where it was not measured. */
export function greatestOf(
  part: PartResult | undefined,
  subject: string,
  condition: string,
  figure: string,
): number | null {
  const cell = findCell(part, subject, condition);
  return summarize(cell?.samples.map((sample) => sample[figure]) ?? [])?.max ?? null;
}
