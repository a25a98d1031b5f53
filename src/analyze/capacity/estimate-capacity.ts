/** How many clients a tracker carries, and how many of it some numbers of clients need. Pure: equal seeds give equal figures. */
import type { Bytes, Milliseconds, Share } from '../../units.ts';
import { randomStream } from '../statistics/random-stream.ts';
import { capacityNotes } from './capacity-notes.ts';
import type { CapacityPoint } from './capacity-point.ts';
import { CAPACITY_SCHEMA_VERSION, type Capacity } from './capacity-schema.ts';
import { datagramsIn } from './receive-buffer.ts';
import { costAt, drawCostAt, estimateOf, runsAt, wakeUpMicros } from './request-cost.ts';
import { requestMix } from './request-mix.ts';
import {
  carriedByEach,
  instancesFor,
  type Needed,
  type ScalingCurve,
  scalingCurve,
} from './scaling-curve.ts';
import { type BufferLoad, simulateAfterOutage, simulateSteady } from './simulate-load.ts';

export interface CapacityOptions {
  /** CPU of an instance's cores that the clients may use. */
  readonly cpuShare: Share;
  readonly intervalMs: Milliseconds;
  /** Null: as in the run. */
  readonly scrapeShare: Share | null;
  /** Null: as BEP 15 has it, `run`: as in the run. */
  readonly connectShare: Share | 'run' | null;
  readonly users: readonly number[];
  readonly outageMs: Milliseconds;
  readonly seed: number;
  /** Requests that a simulation walks through, about. Default: that of each. */
  readonly mostRequests?: number;
}

/** SO_RCVBUF of a socket that asks for none. Source: net.core.rmem_default of Linux. */
const DEFAULT_RECEIVE_BUFFER_BYTES: Bytes = 212_992;

const DRAWS = 500;

/** @param runs - one at least, of one tracker */
export function estimateCapacity(runs: readonly CapacityPoint[], options: CapacityOptions): Capacity {
  const { cpuShare, intervalMs, seed } = options;
  const byWorkers = groupByWorkers(runs);
  const smallest = byWorkers.values().next().value as readonly CapacityPoint[];
  const chosen = runsAt(smallest, cpuShare);
  const first = chosen[0] as CapacityPoint;
  const { mix, mixSource, measuredMix } = requestMix(chosen, options);
  const curve = scalingCurve(byWorkers, cpuShare, (some) => costAt(some, cpuShare));
  const cost = costAt(smallest, cpuShare);
  const wakeUp = wakeUpMicros(smallest);
  const random = randomStream(seed);
  const draws = Array.from({ length: DRAWS }, () => ({
    cost: drawCostAt(smallest, cpuShare, random),
    curve: scalingCurve(byWorkers, cpuShare, (some) => drawCostAt(some, cpuShare, random)),
  }));
  const estimate = (of: (curve: ScalingCurve) => number) =>
    estimateOf(
      of(curve),
      draws.map((draw) => of(draw.curve)),
    );
  const usersOf = (requestsPerSecond: number, announceShare: Share): number =>
    (requestsPerSecond * announceShare * intervalMs) / 1000;
  const buffer = receiveBuffer(chosen);
  // Of the cost at the wanted use.
  const wakeScale = (wakeUp ?? 0) / cost;
  const saturatedScale = 1 - wakeScale * (1 - cpuShare);

  // The law counts workers; without it an instance is what was measured, with all its workers.
  const instance =
    curve.fit === null
      ? { workers: first.workers, cores: first.cores }
      : { workers: 1, cores: first.cores / first.workers };

  /** CPU use of an instance that gets so many requests, where it would carry another number at the wanted use. */
  const useAt = (requestsPerSecond: number, carriedAtShare: number): Share => {
    const costS = (cpuShare * instance.cores) / carriedAtShare;
    const [own, wake] = [costS * saturatedScale, costS * wakeScale];
    const ofCore = requestsPerSecond / instance.cores;
    // use = rate * (own + wake * (1 - use))
    return (ofCore * (own + wake)) / (1 + ofCore * wake);
  };

  /** Both simulations of one of the buffers of an instance that gets so many requests; each worker has one, and they share evenly. */
  const simulate = (requestsPerSecond: number, carriedAtShare: number) => {
    const servers = Math.max(1, Math.round(instance.cores / instance.workers));
    const costNs = (cpuShare * servers * instance.workers * 1e9) / carriedAtShare;
    const load: BufferLoad = {
      ratePerSecond: requestsPerSecond / instance.workers,
      // Where a busy thread's requests cost more, waking up has no part in the cost.
      serviceNs: costNs * Math.min(1, saturatedScale),
      wakeNs: costNs * Math.max(0, wakeScale),
      servers,
      bufferDatagrams: buffer.datagrams,
      seed,
      ...(options.mostRequests === undefined ? {} : { mostRequests: options.mostRequests }),
    };
    return {
      steady: simulateSteady(load),
      afterOutage: simulateAfterOutage({ ...load, serviceNs: costNs * saturatedScale }, options.outageMs),
    };
  };

  const single = estimate(({ single: rate }) => rate);
  const sizes = options.users.map((users) => {
    const requestsPerSecond = (users * 1000) / intervalMs / mix.announce;
    const needed: Needed = instancesFor(curve, requestsPerSecond);
    const carried = carriedByEach(curve, needed);
    const each = requestsPerSecond / needed.instances;
    return {
      users,
      requestsPerSecond,
      instances: estimate((drawn) => instancesFor(drawn, requestsPerSecond).instances),
      groups: needed.groups,
      cpuShare: useAt(each, carried),
      ...simulate(each, carried),
    };
  });
  const used = new Set(
    (curve.fit === null ? [smallest] : [...byWorkers.values()]).flatMap((some) =>
      wakeUpMicros(some) === null ? runsAt(some, cpuShare) : some,
    ),
  );
  const capacity: Omit<Capacity, 'notes'> = {
    schemaVersion: CAPACITY_SCHEMA_VERSION,
    tracker: first.tracker,
    runs: runs.map((run) => ({
      runId: run.runId,
      workers: run.workers,
      cores: run.cores,
      usedShare: run.usedShare,
      requestsPerSecond: run.requestsPerSecond,
      cpuMicros: run.cpuMicros,
      used: used.has(run),
      invalid: run.invalid,
    })),
    assumptions: {
      cpuShare,
      intervalMs,
      outageMs: options.outageMs,
      mix,
      mixSource,
      receiveBuffer: buffer,
      seed,
    },
    measuredMix,
    cpuPerRequest: estimateOf(
      cost,
      draws.map(({ cost }) => cost),
    ),
    cpuPerRequestSaturated: cost * saturatedScale,
    cpuPerWakeUp: wakeUp,
    instance: {
      ...instance,
      requestsPerSecond: single,
      users: scaled(single, usersOf(1, mix.announce)),
      usersByMeasuredMix: scaled(single, usersOf(1, measuredMix.announce)),
    },
    scaling: {
      law: curve.fit === null ? 'linear' : 'universal scalability',
      reason: curve.reason,
      sigma: curve.fit?.sigma ?? null,
      kappa: curve.fit?.kappa ?? null,
      peakInstances: curve.fit === null || !Number.isFinite(curve.mostInstances) ? null : curve.mostInstances,
    },
    fullInstance: {
      users: usersOf(single.value, mix.announce),
      ...simulate(single.value, single.value),
    },
    sizes,
  };
  return { ...capacity, notes: capacityNotes(capacity) };
}

function groupByWorkers(runs: readonly CapacityPoint[]): ReadonlyMap<number, readonly CapacityPoint[]> {
  const workers = [...new Set(runs.map((run) => run.workers))].sort((a, b) => a - b);
  return new Map(workers.map((count) => [count, runs.filter((run) => run.workers === count)]));
}

function receiveBuffer(runs: readonly CapacityPoint[]): Capacity['assumptions']['receiveBuffer'] {
  const known =
    runs.map(({ receiveBufferBytes }) => receiveBufferBytes).find((bytes) => bytes !== null) ?? null;
  const bytes = known ?? DEFAULT_RECEIVE_BUFFER_BYTES;
  return {
    bytes,
    datagrams: datagramsIn(bytes),
    source: known === null ? 'kernel default' : 'run',
  };
}

function scaled({ value, low, high }: Capacity['cpuPerRequest'], factor: number): Capacity['cpuPerRequest'] {
  return { value: value * factor, low: low * factor, high: high * factor };
}
