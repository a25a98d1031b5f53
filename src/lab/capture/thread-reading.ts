import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import type { GcKind, ThreadReading } from './capture-types.ts';

type GcCounters = Record<GcKind, { count: number; ms: number }>;

function noGc(): GcCounters {
  return {
    minor: { count: 0, ms: 0 },
    major: { count: 0, ms: 0 },
    incremental: { count: 0, ms: 0 },
    weakcb: { count: 0, ms: 0 },
  };
}

/** V8's second young-generation collector (minor mark-sweep) has a number of its own and no constant in Node. */
const MINOR_MARK_SWEEP = 2;

const kindOf: Readonly<Record<number, GcKind>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [MINOR_MARK_SWEEP]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Memory and garbage collections of the thread that makes it. */
export class ThreadReader {
  readonly #gc = noGc();
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => list.getEntries().forEach(this.#count, this));
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  read(): ThreadReading {
    this.#observer.takeRecords().forEach(this.#count, this);
    const memory = process.memoryUsage();
    return {
      heapUsedBytes: memory.heapUsed,
      heapTotalBytes: memory.heapTotal,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
      gc: structuredClone(this.#gc),
    };
  }

  #count(entry: PerformanceEntry): void {
    const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail;
    const counters = this.#gc[kindOf[kind] ?? 'major'];
    counters.count += 1;
    counters.ms += entry.duration;
  }
}

/** Adds readings of several threads up. */
export function addReadings(readings: readonly ThreadReading[]): ThreadReading {
  const gc = noGc();
  const total = { heapUsedBytes: 0, heapTotalBytes: 0, externalBytes: 0, arrayBuffersBytes: 0 };
  for (const reading of readings) {
    total.heapUsedBytes += reading.heapUsedBytes;
    total.heapTotalBytes += reading.heapTotalBytes;
    total.externalBytes += reading.externalBytes;
    total.arrayBuffersBytes += reading.arrayBuffersBytes;
    for (const kind of Object.keys(gc) as GcKind[]) {
      gc[kind].count += reading.gc[kind].count;
      gc[kind].ms += reading.gc[kind].ms;
    }
  }
  return { ...total, gc };
}

/** What remains of a thread that has ended: its memory is given back, its collections have happened. */
export function retireReading(reading: ThreadReading): ThreadReading {
  return { ...reading, heapUsedBytes: 0, heapTotalBytes: 0, externalBytes: 0, arrayBuffersBytes: 0 };
}
