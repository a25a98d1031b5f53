/** One receive buffer with the threads that read it, arrival by arrival. Pure: equal seeds give equal figures. */
import hdr from 'hdr-histogram-js';
import type { Nanoseconds, Share } from '../../units.ts';
import type { Arrivals } from './arrivals.ts';

export interface QueueOptions {
  readonly arrivals: Arrivals;
  /** CPU time of the next request. */
  readonly serviceNs: () => Nanoseconds;
  /** Threads that take requests from the buffer, each one at a time. */
  readonly servers: number;
  /** Datagrams that the buffer holds; those that are being served are no longer in it. */
  readonly bufferDatagrams: number;
  /**
   * Room of datagrams that were read which is given back in portions of so many, and whenever the reader has read all that he found.
   * Default: 1, each at once.
   */
  readonly releaseDatagrams?: number;
  /** CPU time of waking up, before a thread that has nothing to do begins with a request. Default: 0. */
  readonly wakeNs?: Nanoseconds;
  /** The figures leave out what arrives before. Default: 0. */
  readonly fromNs?: Nanoseconds;
}

/** Figures of a simulated queue. */
export interface QueueOutcome {
  readonly arrived: number;
  readonly lost: number;
  readonly lostShare: Share;
  /** From arrival to the start of service, waking up included; null where nothing was served. */
  readonly waitNs: {
    readonly mean: Nanoseconds;
    readonly p50: Nanoseconds;
    readonly p99: Nanoseconds;
    readonly max: Nanoseconds;
  } | null;
  /** Datagrams in the buffer. */
  readonly queue: { readonly mean: number; readonly max: number };
  /** Of the time of the servers. */
  readonly busyShare: Share;
  /** Arrived and lost, by second. */
  readonly seconds: readonly { readonly arrived: number; readonly lost: number }[];
}

/**
 * First in, first out. A request that comes while the buffer is full is lost, as the kernel does it; where the arrivals know of retries
 * it comes again. Percentiles are exact to three digits.
 */
export function simulateQueue(options: QueueOptions): QueueOutcome {
  const { arrivals, serviceNs, servers, bufferDatagrams } = options;
  const { releaseDatagrams = 1, wakeNs = 0, fromNs = 0 } = options;
  const waits = hdr.build({ numberOfSignificantValueDigits: 3, highestTrackableValue: 1e13 });
  const freeNs = new Float64Array(servers);
  // When each request in the buffer will leave it: in order, since requests are served in turn.
  const leaveNs = new Float64Array(bufferDatagrams);
  let [first, inBuffer] = [0, 0];
  // Read, and their room not given back; and those that the reader has found and not read.
  let [withheld, found] = [0, 0];
  const arrived: number[] = [];
  const lost: number[] = [];
  let [waitSumNs, busyNs, mostInBuffer, endNs] = [0, 0, 0, 0];
  while (arrivals.next()) {
    const { atNs } = arrivals;
    endNs = Math.max(0, atNs - fromNs);
    const counts = atNs >= fromNs;
    while (inBuffer > 0 && (leaveNs[first] as number) <= atNs) {
      first = first + 1 === bufferDatagrams ? 0 : first + 1;
      if (found === 0) found = inBuffer;
      found--;
      inBuffer--;
      withheld = withheld + 1 < releaseDatagrams && found > 0 ? withheld + 1 : 0;
    }
    const second = Math.floor(endNs / 1e9);
    if (counts) arrived[second] = (arrived[second] ?? 0) + 1;
    const server = earliest(freeNs);
    const freeAtNs = freeNs[server] as number;
    const wakingNs = freeAtNs < atNs ? wakeNs : 0;
    const startNs = Math.max(atNs + wakingNs, freeAtNs);
    if (startNs > atNs) {
      if (inBuffer + withheld >= bufferDatagrams) {
        if (counts) lost[second] = (lost[second] ?? 0) + 1;
        arrivals.dropped();
        continue;
      }
      leaveNs[(first + inBuffer) % bufferDatagrams] = startNs;
      inBuffer++;
      mostInBuffer = Math.max(mostInBuffer, inBuffer);
    }
    const service = serviceNs();
    freeNs[server] = startNs + service;
    if (!counts) continue;
    busyNs += wakingNs + service;
    waitSumNs += startNs - atNs;
    waits.recordValue(Math.round(startNs - atNs));
  }
  const sum = (counts: readonly (number | undefined)[]): number =>
    counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  const [all, dropped, served] = [sum(arrived), sum(lost), waits.totalCount];
  return {
    arrived: all,
    lost: dropped,
    lostShare: all === 0 ? 0 : dropped / all,
    waitNs:
      served === 0
        ? null
        : {
            mean: waitSumNs / served,
            p50: waits.getValueAtPercentile(50),
            p99: waits.getValueAtPercentile(99),
            max: waits.maxValue,
          },
    // By Little's law the mean queue is the waiting done in a time over that time.
    queue: { mean: endNs === 0 ? 0 : waitSumNs / endNs, max: mostInBuffer },
    busyShare: endNs === 0 ? 0 : Math.min(1, busyNs / (endNs * servers)),
    seconds: Array.from({ length: arrived.length }, (_, second) => ({
      arrived: arrived[second] ?? 0,
      lost: lost[second] ?? 0,
    })),
  };
}

function earliest(freeNs: Float64Array): number {
  let best = 0;
  for (let server = 1; server < freeNs.length; server++) {
    if ((freeNs[server] as number) < (freeNs[best] as number)) best = server;
  }
  return best;
}
