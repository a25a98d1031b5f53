/**
 * What a plant's variant must be told as: from what the plant as written was measured at, carried over to the other cost, and
 * held against the limits that its rule publishes. Pure.
 */
import {
  BUSY_CPU_SHARE,
  CRITICAL_COST_SHARE,
  CRITICAL_LOST_SHARE,
  CRITICAL_STALL_NS,
  CRITICAL_STALL_SHARE,
  HOT_FUNCTION_SHARE,
  LOST_REQUEST_SHARE,
  NOTABLE_COST_SHARE,
  NOTABLE_WAIT_NS,
  STALL_NS,
  STALL_TIME_SHARE,
  SYSCALL_EXCESS_SHARE,
  UNUSUAL_STALL_RATIO,
  WARNING_COST_SHARE,
  worryLimits,
} from '../../src/analyze/thresholds.ts';
import type { Plant } from './plant.ts';
import type { Answer, Outcome } from './score.ts';

/** Mildest first. */
const levels = ['nothing', 'info', 'warning', 'critical'] as const;
export type Level = (typeof levels)[number];

export interface VariantExpectation {
  readonly least: Level;
  readonly most: Level;
  /** Whether there is an answer that does not fit. */
  readonly canFail: boolean;
}

/** Lowest and highest figure that the variant may show. */
type Interval = readonly [least: number, most: number];

interface Criterion {
  /** Null where the outcome has no such figure: then it decides nothing. */
  readonly figure: Interval | null;
  /** What the figure must reach for each level that it decides on. */
  readonly limits: Readonly<Partial<Record<Level, number>>>;
  /** The figure must stay below instead. */
  readonly isCeiling?: boolean;
}

/**
 * How far a figure must lie from a limit to be clearly on its side. The plant and its variant are two runs, each off by up to
 * the 10 % by which equal runs differ: 1.1 times 1.1, rounded up to a quarter.
 */
export const CLEAR_FACTOR = 1.25;
/** The least growth that is critical (template: Memory Status Guide), in MB as the evidence has it. */
const CRITICAL_GROWTH_MB = 1_000;
const MS = 1e6;
const costLimits = {
  info: NOTABLE_COST_SHARE,
  warning: WARNING_COST_SHARE,
  critical: CRITICAL_COST_SHARE,
} as const;

/** What the variant of `scale` must be told as, by the plant's own run; `written` is its answer. */
export function variantExpectation(plant: Plant, written: Answer, scale: number): VariantExpectation {
  const criteria = [
    ...criteriaOf(written, scale),
    ...(plant.variants?.hasOwnCore ? capacity(written, scale, 'info') : []),
  ];
  const known = levels.filter(
    (level) => level === 'nothing' || criteria.some(({ limits }) => limits[level] !== undefined),
  );
  let least: Level = 'nothing';
  let most: Level = 'nothing';
  for (const level of known.slice(1)) {
    const upTo = known.slice(1, known.indexOf(level) + 1);
    const sides = criteria.flatMap((criterion) => upTo.flatMap((one) => sideOf(criterion, one) ?? []));
    if (sides.every((side) => side === 'reached')) least = level;
    if (!sides.includes('missed')) most = level;
  }
  // More of the same mistake is no milder, whatever the figures say.
  if (scale > 1) least = higher(least, written.severity);
  return {
    least,
    most: higher(most, least),
    canFail: scale > 1 || least !== 'nothing' || most !== known.at(-1),
  };
}

/** `critical`, `info or warning`, `nothing to warning` */
export function expectationText({ least, most }: VariantExpectation): string {
  return least === most ? least : `${least} to ${most}`;
}

export function isWithin(level: Level, { least, most }: VariantExpectation): boolean {
  return order(level) >= order(least) && order(level) <= order(most);
}

function criteriaOf(written: Answer, scale: number): readonly Criterion[] {
  const { rule, share } = written;
  const figure = (metric: string): number | null => written.figures[metric] ?? null;
  const inStep = (value: number | null): Interval | null =>
    value === null ? null : [value * scale, value * scale];
  switch (rule) {
    case 'cpu-hot-function':
      return [
        { figure: ofWork(share, scale), limits: { info: NOTABLE_COST_SHARE, warning: HOT_FUNCTION_SHARE } },
      ];
    case 'logging':
      return [{ figure: ofWork(share, scale), limits: costLimits }];
    case 'gc-pressure':
      return [{ figure: partOfWork(share, scale), limits: costLimits }];
    case 'syscall-bound':
      return [{ figure: partOfWork(share, scale), limits: { warning: SYSCALL_EXCESS_SHARE } }];
    case 'lock-contention':
      return [{ figure: atMostInStep(share, scale), limits: costLimits }];
    case 'external-wait':
      return [
        {
          figure: inStep(figure('latency beyond service and queue')),
          limits: { warning: NOTABLE_WAIT_NS / MS, critical: CRITICAL_STALL_NS / MS },
        },
        ...capacity(written, 1 / scale, 'warning', true),
      ];
    case 'memory-growth':
      return [
        {
          figure: atMostInStep(figure('RSS, growth per minute'), scale),
          limits: { warning: worryLimits.memoryBytesPerMinute / 1e6 },
        },
        {
          figure: atMostInStep(figure('RSS, growth to its peak'), scale),
          limits: { critical: CRITICAL_GROWTH_MB },
        },
      ];
    case 'event-loop-stall':
      return [
        {
          figure: ofLongest(figure('longest event-loop delay'), scale),
          limits: { warning: STALL_NS / MS, critical: CRITICAL_STALL_NS / MS },
        },
        { figure: inStep(share), limits: { warning: STALL_TIME_SHARE, critical: CRITICAL_STALL_SHARE } },
      ];
    case 'receive-drops':
      return [{ figure: inStep(figure('dropped, share of requests')), limits: lostLimits }];
    case 'errors-returned':
      return [
        {
          figure: inStep(figure('error and malformed replies, share of requests')),
          limits: { warning: worryLimits.errorShare * 100, critical: CRITICAL_LOST_SHARE * 100 },
        },
      ];
    case 'generator-limited':
      return [];
  }
}

/** In percent of the requests. */
const lostLimits = {
  info: LOST_REQUEST_SHARE * 100,
  warning: worryLimits.errorShare * 100,
  critical: CRITICAL_LOST_SHARE * 100,
} as const;

/** All of the mistake's cost is in the share, and the rest of a request costs what it did. */
function ofWork(share: number | null, scale: number): Interval | null {
  if (share === null) return null;
  const after = (scale * share) / (1 + (scale - 1) * share);
  return [after, after];
}

/** The share is a part of the mistake's cost, or all of it: what making the garbage costs stands in no share of collecting it. */
function partOfWork(share: number | null, scale: number): Interval | null {
  const all = ofWork(share, scale);
  return share === null || all === null ? null : [Math.min(share, all[0]), Math.max(share, all[1])];
}

/** Part of the figure does not change with the mistake, or requests come slower as they cost more. */
function atMostInStep(value: number | null, scale: number): Interval | null {
  return value === null ? null : [Math.min(value, value * scale), Math.max(value, value * scale)];
}

/** The longest of few stalls may be half as long again as the usual one. */
function ofLongest(value: number | null, scale: number): Interval | null {
  return value === null ? null : [(value * scale) / UNUSUAL_STALL_RATIO, value * scale];
}

/** Whether the tracker is out of CPU, where the mistake's cost changes that. */
function capacity(written: Answer, factor: number, level: Level, isCeiling = false): Criterion[] {
  const used =
    written.figures["tracker's CPU, share of what its threads can use"] ??
    written.figures["tracker's CPU, used or waited for, share of what its threads can use"] ??
    null;
  return [{ figure: atMostInStep(used, factor), limits: { [level]: BUSY_CPU_SHARE * 100 }, isCeiling }];
}

/** Null where it is near the limit, or where the criterion does not decide on the level. */
function sideOf(
  { figure, limits, isCeiling = false }: Criterion,
  level: Level,
): 'reached' | 'missed' | 'near' | null {
  const limit = limits[level];
  if (limit === undefined) return null;
  if (figure === null) return 'near';
  const [least, most] = figure;
  if (least >= limit * CLEAR_FACTOR) return isCeiling ? 'missed' : 'reached';
  if (most <= limit / CLEAR_FACTOR) return isCeiling ? 'reached' : 'missed';
  return 'near';
}

function order(level: Level): number {
  return levels.indexOf(level);
}

function higher(one: Level, other: Level): Level {
  return order(one) >= order(other) ? one : other;
}

/** The median of the plant's own runs by their share, of those that were right; null where none was. */
export function writtenAnswer(outcomes: readonly Outcome[]): Answer | null {
  const right = outcomes
    .filter(
      ({ scale, kind, firstRight, answer }) =>
        scale === 1 && kind === 'judged' && firstRight && answer !== null,
    )
    .flatMap(({ answer }) => answer ?? [])
    .sort((a, b) => (a.share ?? 0) - (b.share ?? 0));
  return right[Math.floor((right.length - 1) / 2)] ?? null;
}
