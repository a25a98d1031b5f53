/** How much N instances or workers carry together. Pure. */
import type { Share } from '../../units.ts';
import { fitScalability, type ScalabilityFit } from '../scalability.ts';
import type { CapacityPoint } from './capacity-point.ts';
import { runsAt } from './request-cost.ts';

/** Requests a second that a number of instances carries at the wanted CPU use. */
export interface ScalingCurve {
  /** Null: linear. */
  readonly fit: ScalabilityFit | null;
  /** Why it is linear; null where it is not. */
  readonly reason: string | null;
  /** Of an instance alone. */
  readonly single: number;
  /** Instances of a group that carries most; Infinity where each further one adds to it. */
  readonly mostInstances: number;
}

/** The curve of the runs of each number of workers, with the cost of each at the wanted use by `costOf`. */
export function scalingCurve(
  byWorkers: ReadonlyMap<number, readonly CapacityPoint[]>,
  cpuShare: Share,
  costOf: (runs: readonly CapacityPoint[]) => number,
): ScalingCurve {
  const points = [...byWorkers].map(([workers, runs]) => {
    const chosen = runsAt(runs, cpuShare);
    const cores = chosen.reduce((sum, run) => sum + run.cores, 0) / chosen.length;
    return { workers, requestsPerSecond: (cpuShare * cores * 1e6) / costOf(runs) };
  });
  const [first] = points;
  if (first === undefined) throw new RangeError('a curve needs a run');
  const linear = (reason: string): ScalingCurve => ({
    fit: null,
    reason,
    single: first.requestsPerSecond,
    mostInstances: Number.POSITIVE_INFINITY,
  });
  if (points.length === 1) return linear('runs with one number of workers show no curve');
  const answer = fitScalability(points);
  if (!answer.ok) return linear(answer.reason);
  const { fit } = answer;
  const mostInstances =
    fit.peakWorkers === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(fit.peakWorkers));
  return { fit, reason: null, single: carriedBy(fit, 1), mostInstances };
}

function carriedBy({ lambda, sigma, kappa }: ScalabilityFit, count: number): number {
  return (lambda * count) / (1 + sigma * (count - 1) + kappa * count * (count - 1));
}

/** Instances that a rate needs, in groups that share nothing where one group cannot carry it. */
export interface Needed {
  readonly instances: number;
  readonly groups: number;
}

/** Most instances that are counted one by one in a group whose curve has no peak. */
const MOST_IN_GROUP = 1_000;

export function instancesFor(curve: ScalingCurve, requestsPerSecond: number): Needed {
  const { fit, single } = curve;
  if (fit === null) return { instances: Math.max(1, Math.ceil(requestsPerSecond / single)), groups: 1 };
  const most = Math.min(MOST_IN_GROUP, curve.mostInstances);
  const groups = Math.max(1, Math.ceil(requestsPerSecond / carriedBy(fit, most)));
  const each = requestsPerSecond / groups;
  let count = 1;
  while (count < most && carriedBy(fit, count) < each) count++;
  return { instances: count * groups, groups };
}

/** What each of a group's instances carries at the wanted CPU use. */
export function carriedByEach({ fit, single }: ScalingCurve, { instances, groups }: Needed): number {
  if (fit === null) return single;
  const count = instances / groups;
  return carriedBy(fit, count) / count;
}
