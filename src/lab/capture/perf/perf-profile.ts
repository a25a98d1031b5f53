import { sliceAt } from '../../../time-slices.ts';
import { FrameLocator, type LocatedFrame } from '../frame-locator.ts';
import { ProfileBuilder, type ProfileShape } from '../profile-builder.ts';
import type { JitMap } from './jit-map.ts';
import type { PerfFrame, PerfSample } from './parse-perf-script.ts';
import { parseV8Symbol } from './v8-symbol.ts';

/** What is needed of a process to name its JIT frames. */
export interface JitProcess {
  readonly jit: JitMap;
  /** Turns positions in its scripts into source positions. */
  readonly locator: FrameLocator;
}

/** The event that is recorded; a sample of another one is no CPU time. */
export const PERF_EVENT = 'cpu-clock';
/** Odd, so that samples do not march in step with a program's own timers. */
export const PERF_FREQUENCY_HZ = 999;
/** Time between two samples of a thread that runs without a break. */
export const PERF_PERIOD_NS = Math.round(1e9 / PERF_FREQUENCY_HZ);

const KERNEL = '[kernel.kallsyms]';
const kernelMapping = /^\[?kernel|^\[guest\.kernel|\/vmlinux/;
/** The upper half of the address space; `[vsyscall]` is the one user page in it. */
const kernelAddress = /^[89a-f][0-9a-f]{15}$/;
/** How perf calls code in memory that belongs to no file. */
const jitMapping =
  /^\/tmp\/perf-\d+\.map$|^\/\/anon$|^\[(?:anon|JIT|unknown|heap)\b|^(?:\/memfd:|anon_inode:)/;
/** GCC and LLVM split functions and name the parts; a reader looks for the whole. */
const partSuffix = /(?:\.(?:cold|part|isra|constprop|lto_priv|llvm|localalias|clone)(?:\.\d+)*)+$/;
const builtinFile = '[v8 builtin]';

const shape: ProfileShape = {
  valueTypes: [
    ['samples', 'count'],
    ['cpu', 'nanoseconds'],
  ],
  defaultType: 'cpu',
  periodType: ['cpu', 'nanoseconds'],
  period: PERF_PERIOD_NS,
};

interface MappedFrame {
  readonly frame: LocatedFrame;
  readonly mapping: string;
}

/**
 * Turns perf's samples into a pprof profile with the value types `samples` (count) and `cpu` (nanoseconds).
 *
 * - native frames: the file is the binary or library, which is their mapping too
 * - kernel frames: the mapping is `[kernel.kallsyms]`; the file is the same or the kernel module
 * - frames of a JIT compiler: no mapping, and for V8 the script's source file and line
 */
export class PerfProfile {
  readonly #processes: ReadonlyMap<number, JitProcess>;
  readonly #builder = new ProfileBuilder(shape);
  readonly #slices = new ProfileBuilder(shape);
  /** By process: JIT addresses mean something else in each. One place for both profiles. */
  readonly #locations = new Map<number, Map<PerfFrame, { readonly id: number; readonly sliceId: number }>>();
  readonly #threads = new Map<string, { readonly pid: number; readonly tid: number }>();

  sampleCount = 0;
  kernelFrames = 0;
  /** Kernel frames without a name. */
  unnamedKernelFrames = 0;
  /** Samples of which the kernel's side was left out. */
  userOnlySamples = 0;
  /** Samples in a native addon of Node with no JavaScript below it, by the addon's file name. */
  readonly orphanedAddonSamples = new Map<string, number>();
  /** Processes with code that belongs to no file and is in no map. */
  readonly unnamedJitPids = new Set<number>();

  /**
   * @param processes - by process id; those without a JIT compiler are not in it
   * @param program - path of the profiled program, for pprof's title; empty where it is not known
   */
  constructor(processes: ReadonlyMap<number, JitProcess>, program: string) {
    this.#processes = processes;
    if (program !== '') this.#builder.mapping(program);
  }

  add(sample: PerfSample): void {
    if (sample.event.split(':')[0] !== PERF_EVENT) return;
    this.sampleCount++;
    if (/:[^:]*u/.test(sample.event)) this.userOnlySamples++;
    const thread = `${sample.comm} ${sample.tid}`;
    if (!this.#threads.has(thread)) this.#threads.set(thread, sample);
    this.#countOrphan(sample);
    const stack = sample.frames.map((frame) => this.#location(sample.pid, frame));
    if (stack.length === 0)
      stack.push(this.#locate({ frame: { name: '[unknown]', file: '', line: 0 }, mapping: '' }));
    const values = [1, sample.period];
    this.#builder.add(
      stack.map(({ id }) => id),
      values,
      thread,
    );
    this.#slices.add(
      stack.map(({ sliceId }) => sliceId),
      values,
      null,
      sliceAt(sample.atNs),
    );
  }

  /** Threads by `comm tid`, main threads first. */
  threads(): string[] {
    const isMain = ({ pid, tid }: { pid: number; tid: number }) => (pid === tid ? 0 : 1);
    return [...this.#threads]
      .sort(([, a], [, b]) => isMain(a) - isMain(b) || a.tid - b.tid)
      .map(([name]) => name);
  }

  /**
   * The profile as encoded, ungzipped pprof.
   *
   * @param timeNanos - wall clock of its start, nanoseconds since the epoch
   * @param durationNanos - how long perf recorded
   */
  encode(timeNanos: number, durationNanos: number): Uint8Array {
    return this.#builder.build(timeNanos, durationNanos).encode();
  }

  /** The same samples by slices of time, in place of threads. */
  encodeSlices(timeNanos: number, durationNanos: number): Uint8Array {
    return this.#slices.build(timeNanos, durationNanos).encode();
  }

  #countOrphan({ pid, frames }: PerfSample): void {
    if (!this.#processes.has(pid)) return;
    const addon = frames
      .find(({ mapping }) => mapping.endsWith('.node'))
      ?.mapping.split('/')
      .at(-1);
    if (addon === undefined) return;
    // What the unwinder made up is in no mapping.
    const isCalled = frames.some(({ mapping }) => mapping !== '[unknown]' && jitMapping.test(mapping));
    if (!isCalled) this.orphanedAddonSamples.set(addon, (this.orphanedAddonSamples.get(addon) ?? 0) + 1);
  }

  #locate({ frame, mapping }: MappedFrame): { readonly id: number; readonly sliceId: number } {
    return { id: this.#builder.location(frame, mapping), sliceId: this.#slices.location(frame, mapping) };
  }

  #location(pid: number, frame: PerfFrame): { readonly id: number; readonly sliceId: number } {
    let known = this.#locations.get(pid);
    if (known === undefined) {
      known = new Map();
      this.#locations.set(pid, known);
    }
    let id = known.get(frame);
    if (id === undefined) {
      id = this.#locate(this.#mapFrame(pid, frame));
      known.set(frame, id);
    }
    return id;
  }

  #mapFrame(pid: number, frame: PerfFrame): MappedFrame {
    const { address, mapping } = frame;
    const inKernel = kernelAddress.test(address) && mapping !== '[vsyscall]';
    if (inKernel || kernelMapping.test(mapping)) {
      this.kernelFrames++;
      if (frame.symbol === null) this.unnamedKernelFrames++;
      const file = mapping === '[unknown]' ? KERNEL : mapping;
      return { frame: { name: nativeName(frame, file), file, line: 0 }, mapping: KERNEL };
    }
    if (jitMapping.test(mapping)) return { frame: this.#jitFrame(pid, frame), mapping: '' };
    return { frame: { name: nativeName(frame, mapping), file: mapping, line: 0 }, mapping };
  }

  #jitFrame(pid: number, frame: PerfFrame): LocatedFrame {
    const process = this.#processes.get(pid);
    const name = process?.jit.nameAt(Number.parseInt(frame.address, 16)) ?? frame.symbol;
    if (name === null) {
      // A return address that the unwinder made up is in no mapping at all; that is no code without a map.
      if (frame.mapping !== '[unknown]') this.unnamedJitPids.add(pid);
      return { name: '[unknown]', file: '', line: 0 };
    }
    const symbol = parseV8Symbol(name);
    if (symbol === null) return { name, file: '[jit]', line: 0 };
    if (symbol.kind === 'builtin') return { name: symbol.name, file: builtinFile, line: 0 };
    try {
      return (process?.locator ?? plainLocator).locate(symbol.position);
    } catch {
      // The program can give a script any name, also a file URL that is none.
      const { name: functionName, file, line } = symbol.position;
      return { name: functionName || '(anonymous)', file, line: line ?? 0 };
    }
  }
}

/** Shortens nothing. */
const plainLocator = new FrameLocator({ program: '\0', agent: '\0' });

/** As pprof writes it: code without a symbol has the name of its file, in brackets. */
function nativeName({ symbol }: PerfFrame, mapping: string): string {
  if (symbol === null) return mapping.startsWith('[') ? mapping : `[${mapping.split('/').at(-1)}]`;
  return symbol.replace(partSuffix, '') || symbol;
}
