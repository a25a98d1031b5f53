/** A receive buffer under the load of many clients, and after an outage, at a size that a simulation can walk through. Pure. */
import type { Milliseconds, Nanoseconds, Share } from '../../units.ts';
import { randomStream } from '../statistics/random-stream.ts';
import type { QueueAfterOutage, SimulatedQueue } from './capacity-schema.ts';
import { burstFactor, OutageArrivals } from './outage-arrivals.ts';
import { PoissonArrivals } from './poisson-arrivals.ts';
import { type QueueOutcome, simulateQueue } from './simulate-queue.ts';

export interface BufferLoad {
  /** Of one buffer. Above 0. */
  readonly ratePerSecond: number;
  /** Of a request that finds its thread at work. */
  readonly serviceNs: Nanoseconds;
  /** What one that finds it asleep costs on top. Default: 0. */
  readonly wakeNs?: Nanoseconds;
  /** Threads that read it. */
  readonly servers: number;
  readonly bufferDatagrams: number;
  readonly seed: number;
  /** Requests to walk through, about. Default: a million, after an outage two million. */
  readonly mostRequests?: number;
}

const MOST_STEADY_S = 60;
/**
 * Linux gives the room of datagrams that were read back when it is a quarter of the buffer, or when all that the reader had found are read.
 * Source: Linux, net/ipv4/udp.c, udp_rmem_release and forward_threshold.
 */
const RELEASE_SHARE: Share = 1 / 4;
const AFTER_OUTAGE_S = 600;
/** A second with fewer losses has recovered. */
const RECOVERED_SHARE = 0.001;

/** Of the time that is simulated, before it; an overloaded buffer is filled so many times. Source: lab, both are enough. */
const [WARM_UP_SHARE, WARM_UP_FILLS]: readonly [Share, number] = [0.05, 1.5];

/** The usual load: Poisson arrivals at a steady rate. What comes until a buffer that overflows is full is not in the figures. */
export function simulateSteady(load: BufferLoad): SimulatedQueue {
  const seconds = Math.min(MOST_STEADY_S, (load.mostRequests ?? 1e6) / load.ratePerSecond);
  const beyond = load.ratePerSecond - (load.servers * 1e9) / load.serviceNs;
  const fillS = beyond > 0 ? (WARM_UP_FILLS * load.bufferDatagrams) / beyond : 0;
  const fromNs = Math.max(WARM_UP_SHARE * seconds, Math.min(fillS, seconds)) * 1e9;
  const arrivals = new PoissonArrivals(load.ratePerSecond, fromNs + seconds * 1e9, randomStream(load.seed));
  return figures(run(load, arrivals, { fromNs, timesAsLong: 1 }), load, { seconds, thinnedBy: 1 });
}

/**
 * The first ten minutes after an outage. A queue does not know its time unit: with one client of `f`, and requests that take `f` times
 * as long, it holds and drops the same as long as it fills and empties in a time that is short beside the clients' time-outs.
 */
export function simulateAfterOutage(load: BufferLoad, outageMs: Milliseconds): QueueAfterOutage {
  const outageNs = outageMs * 1e6;
  const all = load.ratePerSecond * AFTER_OUTAGE_S;
  const thinnedBy = Math.max(1, Math.ceil(all / (load.mostRequests ?? 2e6)));
  const arrivals = new OutageArrivals({
    ratePerSecond: load.ratePerSecond / thinnedBy,
    outageNs,
    endNs: AFTER_OUTAGE_S * 1e9,
    random: randomStream(load.seed),
  });
  const outcome = run(load, arrivals, { fromNs: 0, timesAsLong: thinnedBy });
  return {
    ...figures(outcome, load, { seconds: AFTER_OUTAGE_S, thinnedBy }),
    burstFactor: burstFactor(outageNs),
    recoveredAfterS: recoveredAfter(outcome),
  };
}

function run(
  { servers, bufferDatagrams, serviceNs, wakeNs = 0 }: BufferLoad,
  arrivals: PoissonArrivals | OutageArrivals,
  { fromNs, timesAsLong }: { readonly fromNs: Nanoseconds; readonly timesAsLong: number },
): QueueOutcome {
  return simulateQueue({
    arrivals,
    serviceNs: () => serviceNs * timesAsLong,
    wakeNs: wakeNs * timesAsLong,
    servers,
    bufferDatagrams,
    releaseDatagrams: Math.max(1, Math.floor(bufferDatagrams * RELEASE_SHARE)),
    fromNs,
  });
}

function figures(
  { arrived, busyShare, lostShare, waitNs, queue }: QueueOutcome,
  { ratePerSecond }: BufferLoad,
  { seconds, thinnedBy }: Pick<SimulatedQueue, 'seconds' | 'thinnedBy'>,
): SimulatedQueue {
  const ofAll = (valueNs: Nanoseconds | undefined): Nanoseconds | null =>
    valueNs === undefined ? null : valueNs / thinnedBy;
  return {
    ratePerSecond,
    seconds,
    thinnedBy,
    requests: arrived,
    busyShare,
    lostShare,
    waitNsP50: ofAll(waitNs?.p50),
    waitNsP99: ofAll(waitNs?.p99),
    queueMean: queue.mean,
    queueMax: queue.max,
  };
}

function recoveredAfter({ seconds }: QueueOutcome): number | null {
  const lastBad = seconds.findLastIndex(({ arrived, lost }) => lost > arrived * RECOVERED_SHARE);
  return lastBad + 1 < seconds.length ? lastBad + 1 : null;
}
