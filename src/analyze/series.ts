/** Cuts and differences of a run's timeline. Pure. */
import type {
  LoadRow,
  MachineRow,
  PhaseLoad,
  PhaseName,
  ProcessRow,
  RuntimeRow,
  SocketRow,
  TimelineRow,
} from '../run.ts';
import type { RunMilliseconds } from '../units.ts';
import type { Evidence } from './evidence.ts';

/** What the load workers saw in a phase; null where the run ended before it. */
export function phaseLoad(evidence: Evidence, phase: PhaseName): PhaseLoad | null {
  return evidence.run.phases.find((load) => load.phase === phase) ?? null;
}

/** The kernel's samples taken in a phase. */
export function processRows(evidence: Evidence, phase: PhaseName): readonly ProcessRow[] {
  return inPhase(evidence, phase, (row): row is ProcessRow => row.kind === 'process');
}

/** The readings of the target's sockets in a phase, its ends included. */
export function socketRows(evidence: Evidence, phase: PhaseName): readonly SocketRow[] {
  return inPhase(evidence, phase, (row): row is SocketRow => row.kind === 'socket');
}

/** The runtime's samples taken in a phase. */
export function runtimeRows(evidence: Evidence, phase: PhaseName): readonly RuntimeRow[] {
  return inPhase(evidence, phase, (row): row is RuntimeRow => row.kind === 'runtime');
}

/** The samples of the whole machine taken in a phase. */
export function machineRows(evidence: Evidence, phase: PhaseName): readonly MachineRow[] {
  return inPhase(evidence, phase, (row): row is MachineRow => row.kind === 'machine');
}

/** The load's rows of a phase, by their own mark. */
export function loadRows(evidence: Evidence, phase: PhaseName): readonly LoadRow[] {
  return evidence.timeline.filter((row): row is LoadRow => row.kind === 'load' && row.phase === phase);
}

function inPhase<Row extends TimelineRow>(
  evidence: Evidence,
  phase: PhaseName,
  isKind: (row: TimelineRow) => row is Row,
): readonly Row[] {
  const load = phaseLoad(evidence, phase);
  if (load === null) return [];
  return evidence.timeline.filter(isKind).filter((row) => row.atMs >= load.startMs && row.atMs <= load.endMs);
}

/** First and last of some rows, where they are two and time went on between them. */
export function span<Row extends { readonly atMs: RunMilliseconds }>(
  rows: readonly Row[],
): { readonly first: Row; readonly last: Row; readonly elapsedMs: number } | null {
  const first = rows[0];
  const last = rows[rows.length - 1];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
  return { first, last, elapsedMs: last.atMs - first.atMs };
}

/** Least-squares slope of some points; null with fewer than two distinct x. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number | null {
  if (points.length < 2) return null;
  const meanX = mean(points.map((point) => point.x));
  const meanY = mean(points.map((point) => point.y));
  let numerator = 0;
  let denominator = 0;
  for (const { x, y } of points) {
    numerator += (x - meanX) * (y - meanY);
    denominator += (x - meanX) ** 2;
  }
  return denominator === 0 ? null : numerator / denominator;
}

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value (the mean of the two middle ones); null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The medians of the first and the last third of a series; null with fewer than two values a third. */
export function thirds(values: readonly number[]): { readonly first: number; readonly last: number } | null {
  const size = Math.floor(values.length / 3);
  if (size < 2) return null;
  return {
    first: median(values.slice(0, size)) as number,
    last: median(values.slice(-size)) as number,
  };
}
