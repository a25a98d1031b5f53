/** CPU time of one request over some runs, with its interval. Pure. */
import { quantileSorted } from 'simple-statistics';
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
export function meanCost(runs: readonly CapacityPoint[]): number {
  return runs.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0) / runs.length;
}

/**
 * The same of a draw: runs are drawn anew with replacement and, within each, its seconds. One run alone shows how much its
 * seconds differ and not how much the next run would.
 */
export function drawCost(runs: readonly CapacityPoint[], random: RandomStream): number {
  let sum = 0;
  for (let at = 0; at < runs.length; at++) sum += drawRun(drawOne(runs, random), random);
  return sum / runs.length;
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
