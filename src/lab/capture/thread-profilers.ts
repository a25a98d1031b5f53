import inspector from 'node:inspector';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import type { SourceMapper } from '@datadog/pprof';
import { SLICE_LABEL } from '../../time-slices.ts';
import { DEFAULT_CPU_INTERVAL_MICROS, type ProfileRequest } from './agent-protocol.ts';
import type { MissingProfile, ProfileKind, SampleWindow, ThreadProfile } from './capture-types.ts';
import type { FrameLocator, LocatedFrame, ScriptPosition } from './frame-locator.ts';
import { type HeapNode, heapTreeToPprof } from './heap-tree-to-pprof.ts';
import { encodeFrameName } from './merge-profiles.ts';
import { markNativeCalls } from './native-calls.ts';
import { SampleClock } from './sample-clock.ts';

type Pprof = typeof import('@datadog/pprof');

/** Deepest stack that the heap profilers keep. */
const HEAP_STACK_DEPTH = 64;
const NANOS_PER_MS = 1e6;

interface Encoded {
  /** Ungzipped pprof. */
  readonly bytes: Uint8Array;
  readonly window?: SampleWindow;
}

/** Turns what a stopped profiler has read into encoded pprof. */
type Encode = (locator: FrameLocator) => Encoded;

interface Timing {
  readonly startedMs: number;
  readonly startedEpochMs: number;
  readonly interval: number;
}

/** Stops the profiler. What takes long and allocates is left to the function that it returns. */
type Stop = (timing: Timing) => Encode | Promise<Encode>;

interface Running extends Timing {
  readonly stop: Stop;
}

interface Stopped {
  readonly kind: ProfileKind;
  readonly encode: Encode;
  readonly durationNs: number;
  readonly interval: number;
}

/**
 * The profilers of one thread.
 *
 * CPU is @datadog/pprof's time profile with CPU time. Its line-by-line mode excludes CPU time, so a frame's line is
 * the start of its function. All heap kinds are V8's sampling heap profiler, read through @datadog/pprof. V8 has one
 * such profiler per isolate, and a second start silently shares the first one's settings: they exclude each other here.
 * The growth of the live heap is what a profiler of the live heap sees that was started empty.
 */
export class ThreadProfilers {
  readonly #thread: string;
  readonly #running = new Map<ProfileKind, Running>();
  /** Stopped before the others, and not encoded yet. */
  #early: Stopped[] = [];
  #earlyMissing: MissingProfile[] = [];
  #growthTimer: NodeJS.Timeout | undefined;
  #growthBegins: Promise<void> = Promise.resolve();

  constructor(thread: string) {
    this.#thread = thread;
  }

  /** Starts what is asked for; CPU first, because starting it allocates a megabyte. Returns what failed. */
  start(request: ProfileRequest): MissingProfile[] {
    const missing: MissingProfile[] = [];
    const { cpu, liveHeap, allocations, heapGrowth } = request;
    if (cpu) this.#start('cpu', cpu.intervalMicros, startCpu, missing);
    if (liveHeap) this.#start('live-heap', liveHeap.intervalBytes, startLiveHeap, missing);
    if (allocations) this.#start('allocations', allocations.intervalBytes, startAllocations, missing);
    if (heapGrowth) this.#startGrowthLater(heapGrowth);
    return missing;
  }

  #startGrowthLater({ intervalBytes, afterMs }: NonNullable<ProfileRequest['heapGrowth']>): void {
    clearTimeout(this.#growthTimer);
    const begin = async (): Promise<void> => {
      this.#growthTimer = undefined;
      await this.#stopOne('allocations', this.#early, this.#earlyMissing);
      this.#start('heap-growth', intervalBytes, startHeapGrowth, this.#earlyMissing);
    };
    this.#growthTimer = setTimeout(() => {
      this.#growthBegins = begin();
    }, afterMs).unref();
  }

  /**
   * Starts the CPU profiler and stops it again, to learn early whether it can be had. What it saw is thrown away; no
   * profiler that is on is touched. Returns what failed.
   */
  probe(): MissingProfile[] {
    if (this.#running.has('cpu')) return [];
    try {
      pprof().time.start({
        intervalMicros: DEFAULT_CPU_INTERVAL_MICROS,
        withContexts: true,
        collectCpuTime: true,
      });
      pprof().time.stop();
      return [];
    } catch (error) {
      return [this.#failure('cpu', error)];
    }
  }

  runningKinds(): ProfileKind[] {
    return [...this.#running.keys()];
  }

  /** Stops all that run, in the reverse order of their start, and encodes when all are off. */
  async stop(locator: FrameLocator): Promise<{ profiles: ThreadProfile[]; missing: MissingProfile[] }> {
    await this.#growthBegins;
    const stopped = this.#early;
    const missing = this.#earlyMissing;
    [this.#early, this.#earlyMissing] = [[], []];
    if (this.#growthTimer !== undefined) {
      clearTimeout(this.#growthTimer);
      this.#growthTimer = undefined;
      missing.push({ kind: 'heap-growth', reason: `${this.#thread}: the phase ended before it began` });
    }
    const kinds = [...this.#running.keys()].reverse().filter((kind) => kind !== 'heap-growth');
    for (const kind of kinds) await this.#stopOne(kind, stopped, missing);
    const profiles = this.#encode(stopped, locator, missing);
    // Last: its collection of garbage must not stand in the CPU profile, which ends when it is encoded.
    const growth: Stopped[] = [];
    await this.#stopOne('heap-growth', growth, missing);
    return { profiles: [...profiles, ...this.#encode(growth, locator, missing)], missing };
  }

  /** Nothing where it is not on. */
  async #stopOne(kind: ProfileKind, stopped: Stopped[], missing: MissingProfile[]): Promise<void> {
    const running = this.#running.get(kind);
    if (running === undefined) return;
    this.#running.delete(kind);
    const durationNs = (performance.now() - running.startedMs) * NANOS_PER_MS;
    try {
      stopped.push({ kind, encode: await running.stop(running), durationNs, interval: running.interval });
    } catch (error) {
      missing.push(this.#failure(kind, error));
    }
  }

  #encode(stopped: readonly Stopped[], locator: FrameLocator, missing: MissingProfile[]): ThreadProfile[] {
    const profiles: ThreadProfile[] = [];
    for (const { kind, encode, durationNs, interval } of stopped) {
      try {
        profiles.push({ kind, thread: this.#thread, ...encode(locator), durationNs, interval });
      } catch (error) {
        missing.push(this.#failure(kind, error));
      }
    }
    return profiles;
  }

  #start(
    kind: ProfileKind,
    interval: number,
    start: (interval: number) => Stop,
    missing: MissingProfile[],
  ): void {
    try {
      this.#assertFree(kind);
      const stop = start(interval);
      this.#running.set(kind, { startedMs: performance.now(), startedEpochMs: Date.now(), interval, stop });
    } catch (error) {
      missing.push(this.#failure(kind, error));
    }
  }

  #assertFree(kind: ProfileKind): void {
    const rivals: readonly ProfileKind[] =
      kind === 'cpu' ? ['cpu'] : ['allocations', 'live-heap', 'heap-growth'];
    const rival = rivals.find((other) => this.#running.has(other));
    if (rival !== undefined) throw new Error(`the ${rival} profiler is on; stop it first`);
  }

  #failure(kind: ProfileKind, error: unknown): MissingProfile {
    return { kind, reason: `${this.#thread}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

let loaded: Pprof | undefined;

/** Loaded when first needed: the native module costs a program that is never profiled nothing. */
function pprof(): Pprof {
  loaded ??= createRequire(import.meta.url)('@datadog/pprof') as Pprof;
  return loaded;
}

function startCpu(intervalMicros: number): Stop {
  let locate: ((position: ScriptPosition) => LocatedFrame) | undefined;
  // Called from within `time.stop`, which encodes as well.
  const mapper = {
    mappingInfo(position: { file: string; line: number; column: number; name: string }) {
      if (locate === undefined) return position;
      const frame = locate(position);
      return { name: encodeFrameName(frame), file: frame.file, line: frame.line, column: 0 };
    },
  };
  markNativeCalls();
  const clock = new SampleClock();
  pprof().time.start({
    intervalMicros,
    withContexts: true,
    collectCpuTime: true,
    sourceMapper: mapper as unknown as SourceMapper,
  });
  return function stopCpu() {
    return function encodeCpu(locator) {
      locate = (position) => locator.locate(position);
      const { endNs, label } = clock.labels();
      const bytes = pprof().time.stop(false, label, [SLICE_LABEL]).encode();
      const window = clock.window(endNs);
      return window === null ? { bytes } : { bytes, window };
    };
  };
}

function startLiveHeap(intervalBytes: number): Stop {
  pprof().heap.start(intervalBytes, HEAP_STACK_DEPTH);
  return async function stopLiveHeap(timing) {
    try {
      await collectGarbage();
      return readHeap('inuse', timing, process.memoryUsage().external);
    } finally {
      pprof().heap.stop();
    }
  };
}

function startHeapGrowth(intervalBytes: number): Stop {
  pprof().heap.start(intervalBytes, HEAP_STACK_DEPTH);
  return async function stopHeapGrowth(timing) {
    try {
      await collectGarbage();
      return readHeap('inuse', timing, 0);
    } finally {
      pprof().heap.stop();
    }
  };
}

function startAllocations(intervalBytes: number): Stop {
  const session = new inspector.Session();
  session.connect();
  try {
    postNow(session, 'HeapProfiler.startSampling', {
      samplingInterval: intervalBytes,
      stackDepth: HEAP_STACK_DEPTH,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    // V8 keeps the profiler that the inspector has just started. This only opens its reader, which tells object counts;
    // the inspector's own report multiplies sizes by counts and cannot be taken apart again.
    pprof().heap.start(intervalBytes, HEAP_STACK_DEPTH);
  } catch (error) {
    session.disconnect();
    throw error;
  }
  return function stopAllocations(timing) {
    try {
      return readHeap('alloc', timing, 0);
    } finally {
      postNow(session, 'HeapProfiler.stopSampling');
      session.disconnect();
      pprof().heap.stop();
    }
  };
}

function readHeap(kind: 'alloc' | 'inuse', timing: Timing, externalBytes: number): Encode {
  const tree = pprof().heap.v8Profile() as HeapNode;
  const durationNanos = (performance.now() - timing.startedMs) * NANOS_PER_MS;
  return function encodeHeap(locator) {
    const profile = heapTreeToPprof(tree, {
      kind,
      intervalBytes: timing.interval,
      locate: (position) => locator.locate(position),
      timeNanos: timing.startedEpochMs * NANOS_PER_MS,
      durationNanos,
      externalBytes,
    });
    return { bytes: profile.encode() };
  };
}

/** Without it a live-heap profile holds the garbage since the last collection, some megabytes of it. */
function collectGarbage(): Promise<void> {
  const session = new inspector.Session();
  session.connect();
  return new Promise<void>((resolve, reject) => {
    session.post('HeapProfiler.collectGarbage', (error) => (error ? reject(error) : resolve()));
  }).finally(() => session.disconnect());
}

/** A session to its own thread answers most methods before `post` returns. */
function postNow(session: inspector.Session, method: string, parameters?: object): void {
  let failure: Error | null = new Error(`${method} gave no answer`);
  session.post(method, parameters, (error) => {
    failure = error;
  });
  if (failure) throw failure;
}
