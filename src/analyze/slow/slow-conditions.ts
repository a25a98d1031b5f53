/** What the kernel and the runtime counted while it was slow, against the rest of the time. Pure. */
import { gcKinds, type ProcessRow, type RuntimeRow } from '../../run.ts';
import type { RunMilliseconds } from '../../units.ts';
import type { Evidence } from '../evidence.ts';
import { processRows, runtimeRows } from '../series.ts';
import {
  LEAST_CONDITION_RATIO,
  LEAST_EPISODES,
  OTHER_EPISODE_STEPS,
  SLOW_CONFIDENCE,
} from '../thresholds.ts';
import { episodesOf, sums } from './episodes.ts';
import { liftOf } from './lift.ts';

export interface SlowCondition {
  readonly name: string;
  readonly unit: string;
  /** Mean of the intervals of sampling in which a slice was slow. */
  readonly slow: number;
  /** Mean of those in which none was. */
  readonly other: number;
  readonly ratio: number;
  /** Ends of the ratio's interval; those of all conditions hold together at 95 %. */
  readonly ratioLow: number;
  readonly ratioHigh: number;
  /** The interval is above 1, and the ratio worth naming. */
  readonly differs: boolean;
}

/** The time between two samples and what grew in it. */
interface Step {
  readonly startMs: RunMilliseconds;
  readonly endMs: RunMilliseconds;
  readonly amount: number;
  /** What the amount is divided by: milliseconds, or 1 for what is no rate. */
  readonly per: number;
}

interface Condition {
  readonly name: string;
  readonly unit: string;
  /** From the amount per `per` to the unit. */
  readonly scale: number;
  /** The smallest amount that is counted: less is not told from nothing. */
  readonly quantum: number;
  readonly steps: readonly Step[];
}

/** @param isSlow - whether it was slow in a span of the run's clock; null: partly, or not known */
export function slowConditions(
  evidence: Evidence,
  isSlow: (startMs: RunMilliseconds, endMs: RunMilliseconds) => boolean | null,
): SlowCondition[] {
  const conditions = [...kernelConditions(evidence), ...runtimeConditions(evidence)];
  const confidence = 1 - (1 - SLOW_CONFIDENCE) / Math.max(1, conditions.length);
  return conditions.flatMap((condition) => {
    const kindOf = (step: Step): boolean | null => isSlow(step.startMs, step.endMs);
    const { slow, other } = episodesOf(condition.steps, kindOf, OTHER_EPISODE_STEPS);
    if (slow.length < LEAST_EPISODES || other.length < LEAST_EPISODES) return [];
    const amount = (step: Step): number => step.amount / condition.quantum;
    const per = (step: Step): number => step.per;
    const lift = liftOf(sums(slow, amount, per), sums(other, amount, per), confidence);
    if (lift.slowShare === 0 && lift.otherShare === 0) return [];
    const toUnit = condition.quantum * condition.scale;
    return [
      {
        name: condition.name,
        unit: condition.unit,
        slow: lift.slowShare * toUnit,
        other: lift.otherShare * toUnit,
        ratio: lift.lift,
        ratioLow: lift.low,
        ratioHigh: lift.high,
        differs: lift.low > 1 && lift.lift >= LEAST_CONDITION_RATIO,
      },
    ];
  });
}

function stepsOf<Row extends { readonly atMs: RunMilliseconds }>(
  rows: readonly Row[],
  amount: (from: Row, to: Row) => number | null,
  isRate: boolean,
): Step[] {
  const steps: Step[] = [];
  for (const [index, to] of rows.entries()) {
    const from = rows[index - 1];
    if (from === undefined || to.atMs <= from.atMs) continue;
    const grown = amount(from, to);
    if (grown === null) continue;
    const per = isRate ? to.atMs - from.atMs : 1;
    steps.push({ startMs: from.atMs, endMs: to.atMs, amount: Math.max(0, grown), per });
  }
  return steps;
}

function kernelConditions(evidence: Evidence): Condition[] {
  const rows = processRows(evidence, 'profiled');
  const growth = (of: (row: ProcessRow) => number | null) =>
    stepsOf(
      rows,
      (from, to) => {
        const [before, after] = [of(from), of(to)];
        return before === null || after === null ? null : after - before;
      },
      true,
    );
  // The kernel's CPU times come in ticks of 10 ms.
  const cpu = { unit: '% of a core', scale: 100, quantum: 10 };
  return [
    { name: 'CPU, user', ...cpu, steps: growth((row) => row.cpuUserMs) },
    { name: 'CPU, system', ...cpu, steps: growth((row) => row.cpuSystemMs) },
    {
      name: 'waiting for a core',
      unit: '% of the time',
      scale: 100,
      quantum: 1,
      steps: growth((row) => row.runQueueDelayMs),
    },
    {
      name: 'involuntary context switches',
      unit: '/s',
      scale: 1000,
      quantum: 1,
      steps: growth((row) => row.involuntaryContextSwitches),
    },
    {
      name: "datagrams dropped at the tracker's socket",
      unit: '/s',
      scale: 1000,
      quantum: 1,
      steps: growth((row) => row.socketDrops),
    },
  ];
}

function runtimeConditions(evidence: Evidence): Condition[] {
  const rows = runtimeRows(evidence, 'profiled');
  const gcMs = (row: RuntimeRow): number => gcKinds.reduce((sum, kind) => sum + row.gc[kind].ms, 0);
  return [
    {
      name: 'garbage collection',
      unit: '% of the time',
      scale: 100,
      quantum: 0.5,
      steps: stepsOf(rows, (from, to) => gcMs(to) - gcMs(from), true),
    },
    {
      name: 'longest event-loop delay',
      unit: 'ms',
      scale: 1,
      quantum: 1,
      steps: stepsOf(rows, (_, to) => to.eventLoopDelayNsMax / 1e6, false),
    },
  ];
}
