/**
 * Reads what `perf script -F comm,pid,tid,time,period,event,ip,sym,symoff,dso` prints: a header line a sample, one line
 * a frame from the leaf to the root, and a blank line. Names in it come from the profiled programs and may hold
 * anything; a line that cannot be read is counted and left out.
 */

/** An address of a stack as perf names it. */
export interface PerfFrame {
  /** Hexadecimal, without `0x`; relative to the file for code in a file, absolute for the kernel and for JIT code. */
  readonly address: string;
  /** Demangled name without the offset; null where perf has none. */
  readonly symbol: string | null;
  /** Path of the binary or library, or a name in brackets, for example `[kernel.kallsyms]`, `[vdso]`, `[unknown]`. */
  readonly mapping: string;
}

export interface PerfSample {
  /** Name of the thread, cut to 15 bytes by the kernel. */
  readonly comm: string;
  readonly pid: number;
  readonly tid: number;
  /** By the recording's clock. */
  readonly atNs: number;
  /** For example `cpu-clock`, or `cpu-clock:u` where the kernel's side is left out. */
  readonly event: string;
  /** What the sample stands for, in the event's unit; nanoseconds for `cpu-clock`. */
  readonly period: number;
  /** Leaf first. Frames at the same place are one object. */
  readonly frames: readonly PerfFrame[];
}

/** A C++ symbol can have some thousand characters; beyond this a line is not perf's. */
const MAX_LINE_LENGTH = 16 * 1024;
/** comm, ids, time, period and event are about 80 characters. */
const MAX_HEADER_LENGTH = 512;
/** perf's own limit is 127 frames (kernel.perf_event_max_stack); raised by hand it may be more. */
const MAX_STACK_DEPTH = 4096;
const MAX_CACHED_FRAMES = 100_000;

const header = /^(.*?) +(\d+)\/(\d+) +(\d+)\.(\d+): +(\d+) +(\S+):(?: +(\S.*))?$/;
const lostRecord = /: PERF_RECORD_LOST(?:_SAMPLES)?\b.*?\blost\D{0,20}(\d+)/;
/** The offset tells where the name ends: both names and paths may hold blanks and brackets. */
const frameWithOffset = /^([0-9a-f]+) (.*)\+0x[0-9a-f]+ \((.*)\)$/;
const frameWithoutOffset = /^([0-9a-f]+) (.*?) \((.*)\)$/;

/** Takes the text in pieces of any size and hands out each sample when its last line has come. */
export class PerfScriptParser {
  readonly #onSample: (sample: PerfSample) => void;
  readonly #knownFrames = new Map<string, PerfFrame>();
  #rest = '';
  #skipping = false;
  #sample: (Omit<PerfSample, 'frames'> & { frames: PerfFrame[] }) | null = null;

  /** Lines that could not be read. */
  unreadableLines = 0;
  /** Samples that the kernel or perf had to drop, as perf tells. */
  lostSamples = 0;

  constructor(onSample: (sample: PerfSample) => void) {
    this.#onSample = onSample;
  }

  push(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#line(this.#rest + text.slice(start, end));
      this.#rest = '';
      start = end + 1;
    }
    this.#rest += text.slice(start);
    if (this.#rest.length > MAX_LINE_LENGTH) {
      if (!this.#skipping) this.unreadableLines++;
      this.#skipping = true;
      this.#rest = '';
    }
  }

  /** Hands out the last sample. */
  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    this.#finish();
  }

  #line(line: string): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const text = line.trim();
    if (text === '') this.#finish();
    else if (text.length > MAX_LINE_LENGTH) this.unreadableLines++;
    else if (this.#sample === null || !/^\s/.test(line)) this.#readHeader(text);
    else this.#readFrame(text);
  }

  #readHeader(text: string): void {
    // A header right after a stack, without the blank line between them.
    this.#finish();
    const match = header.exec(text.slice(0, MAX_HEADER_LENGTH));
    if (match === null) {
      const lost = lostRecord.exec(text.slice(0, MAX_HEADER_LENGTH))?.[1];
      if (lost === undefined) this.unreadableLines++;
      else this.lostSamples += Number(lost);
      return;
    }
    const [, comm = '', pid, tid, seconds, fraction = '', period, event = ''] = match;
    this.#sample = {
      comm: comm.trim(),
      pid: Number(pid),
      tid: Number(tid),
      atNs: Number(seconds) * 1e9 + Number(`0.${fraction}`) * 1e9,
      event,
      period: Number(period),
      frames: [],
    };
    // A stack of one frame may stand on the header's line.
    if (match[8] !== undefined) this.#readFrame(match[8]);
  }

  #readFrame(text: string): void {
    const frame = this.#knownFrames.get(text) ?? this.#newFrame(text);
    if (frame === null) this.unreadableLines++;
    else if (this.#sample !== null && this.#sample.frames.length < MAX_STACK_DEPTH)
      this.#sample.frames.push(frame);
  }

  #newFrame(text: string): PerfFrame | null {
    if (!text.endsWith(')')) return null;
    const match = frameWithOffset.exec(text) ?? frameWithoutOffset.exec(text);
    if (match === null) return null;
    const [, address = '', name = '', mapping = ''] = match;
    const frame = {
      address,
      symbol: name === '' || name === '[unknown]' ? null : name,
      mapping: mapping.replace(/ \(deleted\)$/, ''),
    };
    if (this.#knownFrames.size >= MAX_CACHED_FRAMES) this.#knownFrames.clear();
    this.#knownFrames.set(text, frame);
    return frame;
  }

  #finish(): void {
    const sample = this.#sample;
    this.#sample = null;
    if (sample !== null) this.#onSample(sample);
  }
}
