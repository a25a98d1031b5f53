/** CPU time of one request over some runs, with its interval. Pure. */
import { linearRegression, quantileSorted } from 'simple-statistics';
import type { Share } from '../../units.ts';
import type { RandomStream } from '../statistics/random-stream.ts';
import type { CapacityPoint } from './capacity-point.ts';

/** A figure with the middle 95 % of its bootstrap; equal ends where there is too little to draw from. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Of the draws that an interval keeps. */
const CONFIDENCE = 0.95;

/** Runs whose CPU use is within so much of that of the nearest to a wanted use count as one. Source: lab. */
const SAME_USE: Share = 0.1;

/**
 * The runs that tell the cost at a wanted CPU use: what a request costs depends on how many a thread finds at each turn, so the ones
 * nearest to it.
 *
 * @param runs - one at least, of as many workers each
 */
export function runsAt(runs: readonly CapacityPoint[], wanted: Share): readonly CapacityPoint[] {
  const distance = ({ usedShare }: CapacityPoint): number => Math.abs(usedShare - wanted);
  const nearest = Math.min(...runs.map(distance));
  const best = runs.find((run) => distance(run) === nearest) as CapacityPoint;
  return runs.filter((run) => Math.abs(run.usedShare - best.usedShare) <= SAME_USE);
}

/** Mean CPU time of a request of some runs, each run counting alike. In microseconds. */
function meanCost(runs: readonly RunCost[]): number {
  return meanOf(runs.map(({ cpuMicros }) => cpuMicros));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What a cost is read from. */
export type RunCost = Pick<CapacityPoint, 'usedShare' | 'cpuMicros'>;

/** Runs whose CPU use differs by less than this show no slope: it would be that of their noise. Source: lab. */
const LEAST_SPAN: Share = 0.2;

/**
 * CPU time of waking up. A request that finds its thread asleep pays for the wake-up on top of its own cost, one that finds it at work does
 * not; of random arrivals the share that finds it asleep is the idle share of the CPU. So the cost falls in a straight line with
 * the use, `own + wakeUp * (1 - use)`, by least squares over runs of different loads. In microseconds.
 *
 * @param runs - of as many workers each
 * @returns null where the loads of the runs differ too little; below 0 where a busy thread's requests cost more
 */
export function wakeUpMicros(runs: readonly RunCost[]): number | null {
  const uses = runs.map(({ usedShare }) => usedShare);
  if (Math.max(...uses) - Math.min(...uses) < LEAST_SPAN) return null;
  return linearRegression(runs.map(({ usedShare, cpuMicros }) => [1 - usedShare, cpuMicros])).m;
}

/** CPU time of a request at a wanted CPU use: that of the runs nearest to it, moved along the line where the runs show one. In microseconds. */
export function costAt(runs: readonly CapacityPoint[], wanted: Share): number {
  return costByLine(runs, runs, wanted);
}

/**
 * The same of a draw: runs of about one load are drawn anew with replacement and, within each, its seconds. One run alone shows how
 * much its seconds differ and not how much the next run would.
 */
export function drawCostAt(runs: readonly CapacityPoint[], wanted: Share, random: RandomStream): number {
  const drawn = byUse(runs).flatMap((some) =>
    some.map(() => {
      const run = drawOne(some, random);
      return { ...run, cpuMicros: drawRun(run, random) };
    }),
  );
  return costByLine(drawn, runs, wanted);
}

function costByLine(runs: readonly CapacityPoint[], all: readonly CapacityPoint[], wanted: Share): number {
  const nearest = runsAt(runs, wanted);
  const slope = wakeUpMicros(all) === null ? 0 : (wakeUpMicros(runs) ?? 0);
  return meanCost(nearest) + slope * (meanOf(nearest.map(({ usedShare }) => usedShare)) - wanted);
}

/** Runs of about one load together. */
function byUse(runs: readonly CapacityPoint[]): CapacityPoint[][] {
  const groups: CapacityPoint[][] = [];
  for (const run of [...runs].sort((a, b) => a.usedShare - b.usedShare)) {
    const group = groups.at(-1);
    if (group === undefined || run.usedShare - (group[0] as CapacityPoint).usedShare > SAME_USE)
      groups.push([run]);
    else group.push(run);
  }
  return groups;
}

function drawRun({ seconds, cpuMicros }: CapacityPoint, random: RandomStream): number {
  if (seconds.length < 2) return cpuMicros;
  const total = costOf(seconds);
  let [cpuMs, replies] = [0, 0];
  for (let at = 0; at < seconds.length; at++) {
    const second = drawOne(seconds, random);
    cpuMs += second.cpuMs;
    replies += second.replies;
  }
  // The phase's own figure, moved as the draw of its seconds is: their edges are read less exactly than the phase's.
  return cpuMicros * (cpuMs / replies / total);
}

function costOf(seconds: CapacityPoint['seconds']): number {
  const sum = (field: 'cpuMs' | 'replies'): number =>
    seconds.reduce((total, second) => total + second[field], 0);
  return sum('cpuMs') / sum('replies');
}

function drawOne<T>(items: readonly T[], random: RandomStream): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** A value with the interval of its draws. */
export function estimateOf(value: number, draws: readonly number[]): Estimate {
  const sorted = draws.filter((draw) => Number.isFinite(draw)).sort((a, b) => a - b);
  if (sorted.length === 0) return { value, low: value, high: value };
  const tail = (1 - CONFIDENCE) / 2;
  return { value, low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) };
}
